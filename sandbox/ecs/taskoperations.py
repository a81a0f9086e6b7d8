"""Tasks as the API runs, stops and shows them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ecs import announcements, definitions, scheduler
from sandbox.ecs.addresses import Addresses
from sandbox.ecs.clusters import Clusters, Start
from sandbox.ecs.scheduler import Outbox
from sandbox.ecs.tasks import Task
from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.kernel.faults import FaultKind
from sandbox.kernel.paging import page

_MOST_DESCRIBED = 100
_MOST_LISTED = 100
_MOST_STARTED = 10

Send = Callable[[Outbox, float], None]
Guard = tuple[threading.RLock, Send]
"""The room's lock, and what is done without it afterwards."""


class TaskOperations:
    def __init__(
        self, cloud: Cloud, clusters: Clusters, addresses: Addresses, guard: Guard
    ) -> None:
        self._cloud = cloud
        self._clusters = clusters
        self._addresses = addresses
        self._lock, self._send = guard
        self.operations: Mapping[str, Handler] = {
            "DescribeTasks": self._describe,
            "ListTasks": self._list,
            "RunTask": self._run,
            "StopTask": self._stop,
        }

    def _run(self, call: Call) -> Answer:
        given, outbox = call.parameters, Outbox()
        count = int(given.get("count") or 1)
        if count > _MOST_STARTED:
            raise _invalid("You cannot place more than 10 tasks at a time.")
        definition = definitions.find(self._cloud, call, given["taskDefinition"])
        network = given.get("networkConfiguration") or {}
        definitions.check_network(definition, network)
        self._addresses.learn(call, network)
        how = Start(
            definition,
            given.get("group") or f"family:{definition['family']}",
            given.get("startedBy") or "",
            given.get("launchType") or "FARGATE",
            network,
            given.get("overrides") or {},
            tuple(given.get("tags") or ()),
        )
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            tasks = [cluster.start(how, call.now) for _ in range(count)]
            outbox.events = [announcements.of_task(task, call.now) for task in tasks]
            shown = [task.described() for task in tasks]
        self._send(outbox, call.now)
        return {"tasks": shown, "failures": []}

    def _stop(self, call: Call) -> Answer:
        given, outbox = call.parameters, Outbox()
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            task = cluster.tasks.get(given["task"].rsplit("/", 1)[-1])
            if task is None:
                raise _invalid("The referenced task was not found.")
            if task.is_wanted:
                reason = given.get("reason") or "Task stopped by user"
                task.stop("UserInitiated", reason, call.now)
                scheduler.stopping(cluster, task, call.now, outbox)
            shown = task.described()
        self._send(outbox, call.now)
        return {"task": shown}

    def _describe(self, call: Call) -> Answer:
        wanted = call.parameters["tasks"]
        if len(wanted) > _MOST_DESCRIBED:
            raise _invalid("Tasks cannot be more than 100.")
        found, failures = [], []
        with self._lock:
            cluster = self._clusters.get(call.place, call.parameters.get("cluster"))
            for name in wanted:
                task_id = name.rsplit("/", 1)[-1]
                task = cluster.tasks.get(task_id)
                if task is None or self._is_struck(call):
                    arn = call.arn(f"task/{cluster.name}/{task_id}")
                    failures.append({"arn": arn, "reason": "MISSING"})
                else:
                    found.append(_shown(call, task))
        return {"tasks": found, "failures": failures}

    def _is_struck(self, call: Call) -> bool:
        strike = self._cloud.faults.strike
        return bool(
            strike(FaultKind.PARTIAL, "ecs.DescribeTasks", call.account, call.now)
        )

    def _list(self, call: Call) -> Answer:
        given = call.parameters
        with self._lock:
            cluster = self._clusters.get(call.place, given.get("cluster"))
            if given.get("serviceName"):
                cluster.service(given["serviceName"])
            arns = [
                task.arn for task in cluster.tasks.values() if _is_asked(task, call)
            ]
        items, token = page(
            arns, given.get("nextToken"), given.get("maxResults"), _MOST_LISTED
        )
        return {"taskArns": list(items), **({"nextToken": token} if token else {})}


def _shown(call: Call, task: Task) -> dict[str, Any]:
    asks = "TAGS" in (call.parameters.get("include") or ())
    return {**task.described(), "tags": task.tags if asks else []}


def _is_asked(task: Task, call: Call) -> bool:
    given = call.parameters
    service = (given.get("serviceName") or "").rsplit("/", 1)[-1]
    return (
        task.desired == (given.get("desiredStatus") or "RUNNING")
        and (not service or task.group == f"service:{service}")
        and given.get("family", task.definition["family"]) == task.definition["family"]
        and given.get("startedBy", task.started_by) == task.started_by
        and given.get("launchType", task.launch_type) == task.launch_type
    )


def _invalid(said: str) -> ApiError:
    return ApiError("InvalidParameterException", said)
