"""A task and its way from PROVISIONING to STOPPED.

Source: ECS Developer Guide, "Amazon ECS task lifecycle".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TaskDefinition = Mapping[str, Any]
"""As DescribeTaskDefinition answers it."""

# Seconds after the first status of a way that the next one is reached.
_STARTING = ((2.0, "PENDING"), (5.0, "ACTIVATING"), (6.0, "RUNNING"))
SECONDS_TO_START = _STARTING[-1][0]
_STOPPING = ((1.0, "STOPPING"), (2.0, "DEPROVISIONING"), (4.0, "STOPPED"))
KEPT_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Network:
    """The network interface of a task in awsvpc mode."""

    address: str
    subnet: str
    attachment: str = field(default_factory=lambda: str(uuid.uuid4()))
    interface: str = field(default_factory=lambda: f"eni-{uuid.uuid4().hex[:17]}")


@dataclass(slots=True)
class Task:
    """`ahead` are the statuses it is on its way to and when it gets there."""

    arn: str
    cluster_arn: str
    definition: TaskDefinition
    group: str
    started_by: str
    created: float
    launch_type: str
    zone: str
    network: Network | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    status: str = "PROVISIONING"
    desired: str = "RUNNING"
    version: int = 1
    moments: dict[str, float] = field(default_factory=dict)
    stop_code: str = ""
    stopped_reason: str = ""
    exits: dict[str, Any] = field(default_factory=dict)
    ahead: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ahead = [(self.created + after, status) for after, status in _STARTING]

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def definition_arn(self) -> str:
        return str(self.definition["taskDefinitionArn"])

    @property
    def is_wanted(self) -> bool:
        return self.desired == "RUNNING"

    @property
    def runs(self) -> bool:
        return self.is_wanted and self.status == "RUNNING"

    def stop(self, code: str, reason: str, now: float) -> None:
        """Begin to stop: first it leaves its load balancer."""
        self.desired, self.stop_code, self.stopped_reason = "STOPPED", code, reason
        self.moments["stoppingAt"] = now
        self.ahead = [(now + after, status) for after, status in _STOPPING]
        self._reach("DEACTIVATING", now)

    def exit(self, exit_code: int, reason: str, now: float) -> None:
        """An essential container ended by itself."""
        self.stop("EssentialContainerExited", "Essential container in task exited", now)
        self.exits = {"exitCode": exit_code, **({"reason": reason} if reason else {})}

    def advance(self, now: float) -> Iterator[float]:
        """Reach the statuses that are due, one at a time; yields when each was."""
        while self.ahead and self.ahead[0][0] <= now:
            at, status = self.ahead.pop(0)
            self._reach(status, at)
            yield at

    def _reach(self, status: str, at: float) -> None:
        self.status = status
        self.version += 1
        if status == "PENDING":
            self.moments["connectivityAt"] = self.moments["pullStartedAt"] = at
        elif status == "ACTIVATING":
            self.moments["pullStoppedAt"] = at
        elif status == "RUNNING":
            self.moments["startedAt"] = at
        elif status == "DEPROVISIONING":
            self.moments["executionStoppedAt"] = at
            self.exits = self.exits or {"exitCode": 0}
        elif status == "STOPPED":
            self.moments["stoppedAt"] = at

    def described(self) -> dict[str, Any]:
        shown = {
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition_arn,
            "attachments": self._attachments(),
            "availabilityZone": self.zone,
            "containers": [self._container(c) for c in self._containers()],
            "cpu": str(self.definition.get("cpu") or "256"),
            "memory": str(self.definition.get("memory") or "512"),
            "createdAt": self.created,
            "desiredStatus": self.desired,
            "enableExecuteCommand": False,
            "group": self.group,
            "healthStatus": "UNKNOWN",
            "lastStatus": self.status,
            "launchType": self.launch_type,
            "overrides": {
                "containerOverrides": [{"name": c["name"]} for c in self._containers()],
                "inferenceAcceleratorOverrides": [],
                **self.overrides,
            },
            "tags": self.tags,
            "version": self.version,
            **self.moments,
        }
        return {**shown, **self._optional()}

    def _optional(self) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        if self.started_by:
            shown["startedBy"] = self.started_by
        if self.launch_type == "FARGATE":
            shown["platformVersion"] = "1.4.0"
        if "connectivityAt" in self.moments:
            shown["connectivity"] = "CONNECTED"
        if self.stop_code:
            shown["stopCode"] = self.stop_code
            shown["stoppedReason"] = self.stopped_reason
        return shown

    def _containers(self) -> list[Mapping[str, Any]]:
        return list(self.definition.get("containerDefinitions") or ())

    def _container(self, written: Mapping[str, Any]) -> dict[str, Any]:
        arn = self.cluster_arn.replace(":cluster/", ":container/")
        status = self.status if self.status in {"RUNNING", "STOPPED"} else "PENDING"
        interfaces = [
            {"attachmentId": n.attachment, "privateIpv4Address": n.address}
            for n in self._networks()
        ]
        return {
            "containerArn": f"{arn}/{self.id}/{written['name']}",
            "taskArn": self.arn,
            "name": written["name"],
            "image": written.get("image", ""),
            "lastStatus": status,
            "networkBindings": [],
            "networkInterfaces": interfaces,
            "healthStatus": "UNKNOWN",
            "cpu": str(written.get("cpu") or 0),
            **self.exits,
        }

    def _networks(self) -> list[Network]:
        return [self.network] if self.network else []

    def _attachments(self) -> list[dict[str, Any]]:
        statuses = {"PROVISIONING": "PRECREATED", "STOPPED": "DELETED"}
        return [
            {
                "id": network.attachment,
                "type": "ElasticNetworkInterface",
                "status": statuses.get(self.status, "ATTACHED"),
                "details": [
                    {"name": "subnetId", "value": network.subnet},
                    {"name": "networkInterfaceId", "value": network.interface},
                    {"name": "privateIPv4Address", "value": network.address},
                ],
            }
            for network in self._networks()
        ]
