"""Looks up what the parts of the estate are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sandbox.ecs import Ecs
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.shop.estate.data import api_id_of
from sandbox.shop.estate.sites import Site
from sandbox.shop.names import Names, RunningTask
from sandbox.shop.topology import CLUSTER

_LOOK_AGAIN_SECONDS = 2.0


def running_tasks(ecs: Ecs, account: str) -> Mapping[str, tuple[RunningTask, ...]]:
    """The tasks of an account's services. Asked within this process: the shop's own
    bookkeeping is no call that CloudTrail should tell of."""
    return {
        service: tuple(
            RunningTask(task.arn, task.definition_arn, task.network.address)
            for task in tasks
            if task.network
        )
        for service, tasks in ecs.running((account, HOME_REGION), CLUSTER).items()
    }


class Directory:
    """Tasks come and go and are looked up every few seconds; all else stays."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self._sites = sites
        self._looked = 0.0
        self._names = Names(
            api_id=api_id_of(sites[SHOP]),
            tasks={},
            running={},
            functions={n: f for s in sites.values() for n, f in s.functions.items()},
            balanced={n: b for s in sites.values() for n, b in s.balanced.items()},
            hosts=dict(each for s in sites.values() for each in _hosts(s)),
        )

    def names(self, now: float) -> Names:
        if now - self._looked >= _LOOK_AGAIN_SECONDS:
            self._looked = now
            found = {n: t for s in self._sites.values() for n, t in s.running().items()}
            there = {name: tasks for name, tasks in found.items() if tasks}
            self._names = replace(
                self._names,
                tasks={**self._names.tasks, **there},
                running={name: len(tasks) for name, tasks in found.items()},
            )
        return self._names


def _hosts(site: Site) -> Iterator[tuple[str, str]]:
    for database in site.client("rds").describe_db_instances()["DBInstances"]:
        yield database["DBInstanceIdentifier"], database["Endpoint"]["Address"]
    clusters = site.client("elasticache").describe_cache_clusters(
        ShowCacheNodeInfo=True
    )
    for cluster in clusters["CacheClusters"]:
        name = cluster["CacheClusterId"]
        # moto leaves out the nodes: this is the form of a node's endpoint.
        yield name, f"{name}.shop.0001.euw1.cache.amazonaws.com"
        for node in cluster.get("CacheNodes", []):
            yield name, node["Endpoint"]["Address"]
