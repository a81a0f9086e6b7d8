"""ECS as the API shows it, and its clock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from moto.backends import get_backend

from sandbox.ecs import definitions, scheduler
from sandbox.ecs.addresses import Addresses, Place
from sandbox.ecs.clusters import Cluster, Clusters
from sandbox.ecs.registrations import Registrations
from sandbox.ecs.scheduler import Outbox
from sandbox.ecs.serviceoperations import ServiceOperations
from sandbox.ecs.taskoperations import TaskOperations
from sandbox.ecs.tasks import SECONDS_TO_START, Task
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.kernel.paging import page

_PAGE = 100
_KEPT = (
    "settings",
    "configuration",
    "capacityProviders",
    "defaultCapacityProviderStrategy",
)


class Ecs:
    """The Elastic Container Service of every account."""

    name = "ecs"
    from_moto = frozenset(
        {
            "DeregisterTaskDefinition",
            "DescribeTaskDefinition",
            "ListAccountSettings",
            "ListTaskDefinitionFamilies",
            "RegisterTaskDefinition",
        }
    )

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._clusters = Clusters()
        self._addresses = Addresses(cloud)
        self._lock = threading.RLock()
        self._registrations = Registrations(cloud)
        cloud.timers.every(1, self.advance)
        services = ServiceOperations(cloud, self._clusters, self._addresses, self._lock)
        self._tasks = TaskOperations(
            cloud, self._clusters, self._addresses, (self._lock, self._send)
        )
        self.operations: Mapping[str, Handler] = {
            **services.operations,
            **self._tasks.operations,
            "CreateCluster": self._create,
            "DeleteCluster": self._delete,
            "DescribeClusters": self._describe,
            "ListClusters": self._list,
            "ListTaskDefinitions": definitions.listed,
            "ListTagsForResource": self._list_tags,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    # What happens by itself

    def advance(self, now: float) -> None:
        outbox = Outbox()
        with self._lock:
            for cluster in self._clusters.all():
                scheduler.advance(cluster, now, outbox)
            self._clusters.forget(now)
        self._send(outbox, now)

    def settle(self) -> None:
        """Let what services want come true at once, as of the seconds it takes."""
        now = self._cloud.clock.now()
        self.advance(now)
        self.advance(now + SECONDS_TO_START)

    def running(self, place: Place, cluster: str) -> dict[str, list[Task]]:
        """The tasks of each service that run, for who works in this process."""
        with self._lock:
            found = self._clusters.get(place, cluster)
            return {
                service.name: [t for t in found.tasks_of(service) if t.runs]
                for service in found.services.values()
            }

    def fail_task(self, place: Place, task: str, exit_code: int, reason: str) -> None:
        """A task's essential container ends with this code, as of itself.

        `task` is its ARN; its service, if it has one, starts another.
        """
        now, outbox = self._cloud.clock.now(), Outbox()
        with self._lock:
            cluster = self._clusters.get(place, task.split("/")[-2])
            found = cluster.tasks[task.rsplit("/", 1)[-1]]
            if not found.is_wanted:
                return
            found.exit(exit_code, reason, now)
            scheduler.failed(cluster, found)
            scheduler.stopping(cluster, found, now, outbox)
        self._send(outbox, now)

    def _send(self, outbox: Outbox, now: float) -> None:
        for event in outbox.events:
            self._cloud.emit(event)
        for service, task in outbox.came:
            self._say(service, self._registrations.add(service, task), now)
        for service, task in outbox.went:
            self._say(service, self._registrations.remove(service, task), now)

    def _say(self, service: Any, sentences: list[str], now: float) -> None:
        with self._lock:
            for sentence in sentences:
                service.say(sentence, now)

    # Clusters

    def _create(self, call: Call) -> Answer:
        name = call.parameters.get("clusterName") or "default"
        with self._lock:
            clusters = self._clusters.of(call.place)
            if name not in clusters or clusters[name].status == "INACTIVE":
                kept = {m: call.parameters[m] for m in _KEPT if call.parameters.get(m)}
                clusters[name] = Cluster(
                    call.arn(f"cluster/{name}"), self._addresses, kept
                )
                clusters[name].tags = list(call.parameters.get("tags") or [])
            return {"cluster": clusters[name].described()}

    def _describe(self, call: Call) -> Answer:
        wanted = call.parameters.get("clusters") or ["default"]
        found, failures = [], []
        with self._lock:
            for name in wanted:
                cluster = self._clusters.of(call.place).get(name.rsplit("/", 1)[-1])
                if cluster is None:
                    arn = call.arn(f"cluster/{name.rsplit('/', 1)[-1]}")
                    failures.append({"arn": arn, "reason": "MISSING"})
                else:
                    found.append(cluster.described())
        return {"clusters": found, "failures": failures}

    def _list(self, call: Call) -> Answer:
        with self._lock:
            clusters = self._clusters.of(call.place)
            arns = [c.arn for _, c in sorted(clusters.items()) if c.status == "ACTIVE"]
        given = call.parameters
        items, token = page(
            arns, given.get("nextToken"), given.get("maxResults"), _PAGE
        )
        return {"clusterArns": list(items), **({"nextToken": token} if token else {})}

    def _delete(self, call: Call) -> Answer:
        with self._lock:
            cluster = self._clusters.get(call.place, call.parameters["cluster"])
            if any(s.status == "ACTIVE" for s in cluster.services.values()):
                raise ApiError(
                    "ClusterContainsServicesException",
                    "The Cluster cannot be deleted while Services are active.",
                )
            if any(task.is_wanted for task in cluster.tasks.values()):
                raise ApiError(
                    "ClusterContainsTasksException",
                    "The Cluster cannot be deleted while Tasks are active.",
                )
            cluster.status, cluster.inactive_since = "INACTIVE", call.now
            return {"cluster": cluster.described()}

    # Tags

    def _list_tags(self, call: Call) -> Answer:
        arn = call.parameters["resourceArn"]
        if ":task-definition/" in arn:
            tags = _moto(call).list_tags_for_resource(arn)
            return {"tags": tags}
        with self._lock:
            return {"tags": list(self._tagged(call))}

    def _tag(self, call: Call) -> Answer:
        arn, given = call.parameters["resourceArn"], call.parameters["tags"]
        if ":task-definition/" in arn:
            _moto(call).tag_resource(arn, given)
            return {}
        with self._lock:
            tags, keys = self._tagged(call), {tag["key"] for tag in given}
            tags[:] = [tag for tag in tags if tag["key"] not in keys] + list(given)
        return {}

    def _untag(self, call: Call) -> Answer:
        arn, keys = call.parameters["resourceArn"], call.parameters["tagKeys"]
        if ":task-definition/" in arn:
            _moto(call).untag_resource(arn, keys)
            return {}
        with self._lock:
            tags = self._tagged(call)
            tags[:] = [tag for tag in tags if tag["key"] not in keys]
        return {}

    def _tagged(self, call: Call) -> list[dict[str, str]]:
        """The tags of a cluster, a service or a task."""
        kind, *names = call.parameters["resourceArn"].split(":", 5)[-1].split("/")
        cluster = self._clusters.get(call.place, names[0])
        if kind == "service":
            return cluster.service(names[-1]).tags
        if kind == "task" and names[-1] in cluster.tasks:
            return cluster.tasks[names[-1]].tags
        return cluster.tags


def _moto(call: Call) -> Any:
    """Task definitions and their tags are moto's."""
    return get_backend("ecs")[call.account][call.region]
