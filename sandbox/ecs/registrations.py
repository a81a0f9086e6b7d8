"""Target groups and Cloud Map services that know a service's running tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.ecs.deployments import EcsService
from sandbox.ecs.tasks import Task
from sandbox.kernel.cloud import Cloud

_BY = "ecs.amazonaws.com"
Problems = list[str]
"""What the service's events are to say of it."""


class Registrations:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def add(self, service: EcsService, task: Task) -> Problems:
        """Register a task that runs."""
        return [
            *self._each(service, task, "loadBalancers", self._to_group),
            *self._each(service, task, "serviceRegistries", self._to_map),
        ]

    def remove(self, service: EcsService, task: Task) -> Problems:
        return [
            *self._each(service, task, "loadBalancers", self._from_group),
            *self._each(service, task, "serviceRegistries", self._from_map),
        ]

    def _each(
        self,
        service: EcsService,
        task: Task,
        where: str,
        act: Callable[[EcsService, Task, Mapping[str, Any]], str],
    ) -> Problems:
        said = []
        for one in service.given.get(where) or ():
            try:
                said.append(act(service, task, one))
            except ClientError as error:
                said.append(f"failed to reach its registry: {error}")
        return [sentence for sentence in said if sentence]

    def _client(self, name: str, task: Task) -> Any:
        _, _, _, region, account, _ = task.arn.split(":", 5)
        return self._cloud.client(name, account, region, _BY)

    def _to_group(
        self, service: EcsService, task: Task, group: Mapping[str, Any]
    ) -> str:
        arn = group.get("targetGroupArn")
        if not arn or task.network is None:
            return ""
        self._client("elbv2", task).register_targets(
            TargetGroupArn=arn, Targets=[_target(task, group)]
        )
        return f"registered 1 targets in (target-group {arn})"

    def _from_group(
        self, service: EcsService, task: Task, group: Mapping[str, Any]
    ) -> str:
        arn = group.get("targetGroupArn")
        if not arn or task.network is None:
            return ""
        self._client("elbv2", task).deregister_targets(
            TargetGroupArn=arn, Targets=[_target(task, group)]
        )
        return f"deregistered 1 targets in (target-group {arn})"

    def _to_map(
        self, service: EcsService, task: Task, registry: Mapping[str, Any]
    ) -> str:
        if task.network is None:
            return ""
        _, _, _, region, _, _ = task.arn.split(":", 5)
        attributes = {
            "AWS_INSTANCE_IPV4": task.network.address,
            "AVAILABILITY_ZONE": task.zone,
            "ECS_CLUSTER_NAME": service.cluster_arn.rsplit("/", 1)[-1],
            "ECS_SERVICE_NAME": service.name,
            "ECS_TASK_DEFINITION_FAMILY": str(task.definition["family"]),
            "REGION": region,
        }
        port = registry.get("containerPort") or registry.get("port")
        if port:
            attributes["AWS_INSTANCE_PORT"] = str(port)
        self._client("servicediscovery", task).register_instance(
            ServiceId=registry["registryArn"].rsplit("/", 1)[-1],
            InstanceId=task.id,
            Attributes=attributes,
        )
        return ""

    def _from_map(
        self, service: EcsService, task: Task, registry: Mapping[str, Any]
    ) -> str:
        if task.network is None:
            return ""
        self._client("servicediscovery", task).deregister_instance(
            ServiceId=registry["registryArn"].rsplit("/", 1)[-1], InstanceId=task.id
        )
        return ""


def _target(task: Task, group: Mapping[str, Any]) -> dict[str, Any]:
    address = task.network.address if task.network else ""
    return {"Id": address, "Port": group["containerPort"]}
