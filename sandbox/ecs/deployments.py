"""A service and its deployments: what it wants and how far it has got.

Source: ECS Developer Guide, "Rolling update" and "Deployment circuit breaker".
"""

from __future__ import annotations

import math
import random
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.ecs.tasks import Task, TaskDefinition

_MOST_EVENTS = 100
_LEAST_FAILURES, _MOST_FAILURES = 3, 200
_random = random.SystemRandom()


def _deployment_id() -> str:
    return f"ecs-svc/{_random.randrange(10**18, 10**19)}"


@dataclass(slots=True)
class Deployment:
    """A version of a service that is being brought in, or was."""

    definition: TaskDefinition
    created: float
    network: Mapping[str, Any]
    id: str = field(default_factory=_deployment_id)
    status: str = "PRIMARY"
    updated: float = 0.0
    failed_tasks: int = 0
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    is_rollback: bool = False

    def __post_init__(self) -> None:
        self.updated = self.updated or self.created
        self.reason = f"ECS deployment {self.id} in progress."

    @property
    def definition_arn(self) -> str:
        return str(self.definition["taskDefinitionArn"])

    def end(self, rollout: str, reason: str, now: float) -> None:
        self.rollout, self.reason, self.updated = rollout, reason, now


@dataclass(slots=True)
class EcsService:
    """A service of a cluster; `given` holds what CreateService was told."""

    arn: str
    cluster_arn: str
    given: dict[str, Any]
    desired: int
    created: float
    created_by: str
    deployments: list[Deployment]
    status: str = "ACTIVE"
    is_steady: bool = False
    inactive_since: float | None = None
    completed: Deployment | None = None
    tags: list[dict[str, str]] = field(default_factory=list)
    every: list[Deployment] = field(default_factory=list)
    events: deque[dict[str, Any]] = field(
        default_factory=lambda: deque(maxlen=_MOST_EVENTS)
    )

    def __post_init__(self) -> None:
        self.every = list(self.deployments)

    @property
    def name(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def launch_type(self) -> str:
        return str(self.given.get("launchType") or "FARGATE")

    @property
    def configuration(self) -> dict[str, Any]:
        breaker = {"enable": False, "rollback": False}
        given = self.given.get("deploymentConfiguration") or {}
        return {
            "deploymentCircuitBreaker": breaker,
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            **given,
        }

    @property
    def most(self) -> int:
        """Tasks there may be at once while one deployment replaces another."""
        percent = int(self.configuration["maximumPercent"])
        return max(self.desired, self.desired * percent // 100)

    @property
    def least(self) -> int:
        """Tasks that must run meanwhile."""
        percent = int(self.configuration["minimumHealthyPercent"])
        return math.ceil(self.desired * percent / 100)

    @property
    def failures_until_broken(self) -> int:
        half = math.ceil(self.desired / 2)
        return min(max(half, _LEAST_FAILURES), _MOST_FAILURES)

    def say(self, message: str, now: float) -> None:
        """Add to the events that DescribeServices shows, newest first."""
        said = f"(service {self.name}) {message}"
        self.events.appendleft(
            {"id": str(uuid.uuid4()), "createdAt": now, "message": said}
        )

    def deploy(self, deployment: Deployment) -> None:
        for old in self.deployments:
            old.status = "ACTIVE"
        self.deployments.insert(0, deployment)
        self.every.append(deployment)
        self.is_steady = False

    def drop_deployments(self, tasks: Iterable[Task]) -> None:
        """Forget deployments that were replaced and whose tasks are all gone."""
        alive = {task.started_by for task in tasks if task.status != "STOPPED"}
        kept = [one for one in self.deployments[1:] if one.id in alive]
        self.deployments[1:] = kept

    def history(self) -> list[dict[str, Any]]:
        """Every deployment as ListServiceDeployments shows it, newest first."""
        return [self._told(one) for one in reversed(self.every)]

    def _told(self, deployment: Deployment) -> dict[str, Any]:
        head = self.arn.rpartition(":service/")[0]
        cluster = self.cluster_arn.rpartition("/")[2]
        own = f"{cluster}/{self.name}/{deployment.id.rpartition('/')[2]}"
        shown = {
            "serviceDeploymentArn": f"{head}:service-deployment/{own}",
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn,
            "startedAt": deployment.created,
            "createdAt": deployment.created,
            "targetServiceRevisionArn": f"{head}:service-revision/{own}",
            "status": _status(deployment),
        }
        if deployment.rollout != "IN_PROGRESS":
            shown["finishedAt"] = deployment.updated
        return shown

    def described(self, tasks: Iterable[Task]) -> dict[str, Any]:
        own = list(tasks)
        running, pending = _counts(own)
        shown = {
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster_arn,
            "loadBalancers": self.given.get("loadBalancers") or [],
            "serviceRegistries": self.given.get("serviceRegistries") or [],
            "status": self.status,
            "desiredCount": self.desired,
            "runningCount": running,
            "pendingCount": pending,
            "launchType": self.launch_type,
            "taskDefinition": self.primary.definition_arn,
            "deploymentConfiguration": self.configuration,
            "deployments": [self._shown(d, own) for d in self.deployments],
            "events": list(self.events),
            "createdAt": self.created,
            "createdBy": self.created_by,
            "placementConstraints": self.given.get("placementConstraints") or [],
            "placementStrategy": self.given.get("placementStrategy") or [],
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "enableECSManagedTags": bool(self.given.get("enableECSManagedTags")),
            "propagateTags": self.given.get("propagateTags") or "NONE",
            "enableExecuteCommand": bool(self.given.get("enableExecuteCommand")),
        }
        if self.primary.network:
            shown["networkConfiguration"] = self.primary.network
        if self.launch_type == "FARGATE":
            shown["platformVersion"] = self.given.get("platformVersion") or "LATEST"
        return shown

    def _shown(self, deployment: Deployment, tasks: list[Task]) -> dict[str, Any]:
        own = [task for task in tasks if task.started_by == deployment.id]
        running, pending = _counts(own)
        is_primary = deployment.status == "PRIMARY"
        shown = {
            "id": deployment.id,
            "status": deployment.status,
            "taskDefinition": deployment.definition_arn,
            "desiredCount": self.desired if is_primary else len(own),
            "pendingCount": pending,
            "runningCount": running,
            "failedTasks": deployment.failed_tasks,
            "createdAt": deployment.created,
            "updatedAt": deployment.updated,
            "launchType": self.launch_type,
            "rolloutState": deployment.rollout,
            "rolloutStateReason": deployment.reason,
        }
        if deployment.network:
            shown["networkConfiguration"] = deployment.network
        return shown


def _status(deployment: Deployment) -> str:
    """Source: ECS API reference, ServiceDeploymentBrief."""
    if deployment.rollout == "COMPLETED":
        return "ROLLBACK_SUCCESSFUL" if deployment.is_rollback else "SUCCESSFUL"
    if deployment.rollout == "FAILED":
        return "STOPPED"
    return "IN_PROGRESS" if deployment.status == "PRIMARY" else "STOPPED"


def _counts(tasks: Iterable[Task]) -> tuple[int, int]:
    """Running and pending tasks among those that are wanted."""
    wanted = [task for task in tasks if task.is_wanted]
    running = sum(task.runs for task in wanted)
    return running, len(wanted) - running
