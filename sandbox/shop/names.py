"""What the parts of the estate are called, as AWS named them. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A task of ECS, by ARNs of its own and of its definition, and where it listens."""

    arn: str
    definition: str
    address: str

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def container_id(self) -> str:
        """As Fargate calls the only container of a task: its id and a number."""
        return f"{self.id}-{int(self.id[:8], 16):010d}"

    @property
    def hostname(self) -> str:
        """As Fargate names a container's host, in the task's region."""
        region = self.arn.split(":")[3]
        return f"ip-{self.address.replace('.', '-')}.{region}.compute.internal"


@dataclass(frozen=True, slots=True)
class Balanced:
    """The dimensions of a load balancer's metrics.

    Source: "CloudWatch metrics for your Application Load Balancer": the final portion
    of the ARNs.
    """

    load_balancer: str
    target_group: str


@dataclass(frozen=True, slots=True)
class DeployedFunction:
    arn: str
    version: str


@dataclass(frozen=True, slots=True)
class Names:
    """By the names of services and stores.

    `tasks` are those that run, or where none does the last that did; `running` is how
    many there are. `hosts` are the endpoints of databases and caches.
    """

    api_id: str
    tasks: Mapping[str, tuple[RunningTask, ...]]
    running: Mapping[str, int]
    functions: Mapping[str, DeployedFunction]
    balanced: Mapping[str, Balanced]
    hosts: Mapping[str, str]

    def task_of(self, service: str, draw: int) -> RunningTask:
        """The task that a draw falls on."""
        tasks = self.tasks[service]
        return tasks[draw % len(tasks)]
