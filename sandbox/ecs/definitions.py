"""Task definitions, which moto keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.backends import get_backend

from sandbox.ecs.tasks import TaskDefinition
from sandbox.kernel.calls import Answer, Call
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError
from sandbox.kernel.paging import page

_MOST_LISTED = 100


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


def listed(call: Call) -> Answer:
    """Families by name, and the revisions of each in their order.

    Source: ECS API reference, ListTaskDefinitions, sort.
    """
    given = call.parameters
    moto: Any = get_backend("ecs")[call.account][call.region]
    arns = moto.list_task_definitions(
        given.get("familyPrefix"), given.get("status") or "ACTIVE"
    )
    ordered = sorted(arns, key=_place, reverse=given.get("sort") == "DESC")
    size = given.get("maxResults")
    items, token = page(ordered, given.get("nextToken"), size, _MOST_LISTED)
    return {
        "taskDefinitionArns": list(items),
        **({"nextToken": token} if token else {}),
    }


def _place(arn: str) -> tuple[str, int]:
    family, _, revision = arn.rpartition(":")
    return family, int(revision)


def check_network(definition: TaskDefinition, network: Mapping[str, Any]) -> None:
    """Raises InvalidParameterException where awsvpc has no subnets to go to."""
    if definition.get("networkMode") == "awsvpc" and not network:
        raise ApiError(
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is "
            "specified.",
        )
