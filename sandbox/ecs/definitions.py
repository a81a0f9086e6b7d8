"""Task definitions, which moto keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.ecs.tasks import TaskDefinition
from sandbox.kernel.calls import Call
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError


def find(cloud: Cloud, call: Call, name: str) -> TaskDefinition:
    """A task definition by ARN, family or family:revision. Raises ClientException."""
    ecs = cloud.client("ecs", call.account, call.region, "ecs.amazonaws.com")
    try:
        found = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    except ClientError as error:
        raise ApiError("ClientException", "TaskDefinition not found.") from error
    if found["status"] != "ACTIVE":
        raise ApiError("ClientException", "TaskDefinition is inactive")
    return dict(found)


def check_network(definition: TaskDefinition, network: Mapping[str, Any]) -> None:
    """Raises InvalidParameterException where awsvpc has no subnets to go to."""
    if definition.get("networkMode") == "awsvpc" and not network:
        raise ApiError(
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is "
            "specified.",
        )
