"""Clusters and what is in them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.ecs.addresses import Addresses, Place
from sandbox.ecs.deployments import EcsService
from sandbox.ecs.tasks import KEPT_SECONDS, Task, TaskDefinition
from sandbox.kernel.errors import ApiError


@dataclass(frozen=True, slots=True)
class Start:
    """How tasks are to be started."""

    definition: TaskDefinition
    group: str
    started_by: str
    launch_type: str
    network: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[dict[str, str], ...] = ()


@dataclass(slots=True)
class Cluster:
    arn: str
    addresses: Addresses
    settings: dict[str, Any] = field(default_factory=dict)
    status: str = "ACTIVE"
    tags: list[dict[str, str]] = field(default_factory=list)
    services: dict[str, EcsService] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    inactive_since: float | None = None
    _started: Any = field(default_factory=itertools.count)

    @property
    def name(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def place(self) -> Place:
        _, _, _, region, account, _ = self.arn.split(":", 5)
        return account, region

    def start(self, how: Start, now: float) -> Task:
        number = next(self._started)
        network, zone = self.addresses.take(self.place, how.network, number)
        prefix = self.arn.replace(":cluster/", ":task/")
        task = Task(
            arn=f"{prefix}/{uuid.uuid4().hex}",
            cluster_arn=self.arn,
            definition=how.definition,
            group=how.group,
            started_by=how.started_by,
            created=now,
            launch_type=how.launch_type,
            zone=zone,
            network=network,
            overrides=how.overrides,
            tags=list(how.tags),
        )
        self.tasks[task.id] = task
        return task

    def tasks_of(self, service: EcsService) -> list[Task]:
        group = f"service:{service.name}"
        return [task for task in self.tasks.values() if task.group == group]

    def forget(self, now: float) -> None:
        """Drop tasks and services that ended more than an hour ago.

        AWS says an hour of tasks, and of INACTIVE services only that they may go.
        """
        over = [
            task_id
            for task_id, task in self.tasks.items()
            if task.moments.get("stoppedAt", now) + KEPT_SECONDS < now
        ]
        for task_id in over:
            network = self.tasks.pop(task_id).network
            if network is not None:
                self.addresses.give_back(self.place, network)
        for name, service in list(self.services.items()):
            if _is_over(service.inactive_since, now):
                del self.services[name]

    def service(self, name_or_arn: str) -> EcsService:
        """Raises ServiceNotFoundException."""
        found = self.services.get(name_or_arn.rsplit("/", 1)[-1])
        if found is None:
            raise ApiError("ServiceNotFoundException", "Service not found.")
        return found

    def described(self) -> dict[str, Any]:
        wanted = [task for task in self.tasks.values() if task.is_wanted]
        running = sum(task.runs for task in wanted)
        active = sum(s.status != "INACTIVE" for s in self.services.values())
        return {
            "clusterArn": self.arn,
            "clusterName": self.name,
            "status": self.status,
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": running,
            "pendingTasksCount": len(wanted) - running,
            "activeServicesCount": active,
            "statistics": [],
            "tags": self.tags,
            "settings": [{"name": "containerInsights", "value": "disabled"}],
            "capacityProviders": [],
            "defaultCapacityProviderStrategy": [],
            **self.settings,
        }


def _is_over(since: float | None, now: float) -> bool:
    return since is not None and since + KEPT_SECONDS < now


class Clusters:
    """Every cluster. Whoever uses it holds the room's lock."""

    def __init__(self) -> None:
        self._clusters: dict[Place, dict[str, Cluster]] = {}

    def of(self, place: Place) -> dict[str, Cluster]:
        return self._clusters.setdefault(place, {})

    def forget(self, now: float) -> None:
        """Drop clusters that are INACTIVE for an hour."""
        for clusters in self._clusters.values():
            for name, cluster in list(clusters.items()):
                if _is_over(cluster.inactive_since, now):
                    del clusters[name]

    def all(self) -> list[Cluster]:
        return [c for found in self._clusters.values() for c in found.values()]

    def get(self, place: Place, name_or_arn: str | None) -> Cluster:
        """Raises ClusterNotFoundException."""
        name = (name_or_arn or "default").rsplit("/", 1)[-1]
        found = self.of(place).get(name)
        if found is None or found.status == "INACTIVE":
            raise ApiError("ClusterNotFoundException", "Cluster not found.")
        return found
