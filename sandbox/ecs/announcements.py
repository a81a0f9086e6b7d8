"""What ECS tells EventBridge.

Source: ECS Developer Guide, "Amazon ECS events": `version` grows with every change of
a task; times are text; service events carry no version.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.ecs.deployments import Deployment, EcsService
from sandbox.ecs.tasks import Task
from sandbox.kernel.cloud import Event

_SEVERITIES = {
    "SERVICE_DEPLOYMENT_FAILED": "ERROR",
    "SERVICE_TASK_START_IMPAIRED": "WARN",
}


def of_task(task: Task, at: float) -> Event:
    described = {k: v for k, v in task.described().items() if k != "tags"}
    detail = {**described, "updatedAt": at}
    return _event(task.arn, "ECS Task State Change", _with_text_times(detail), at)


def of_action(service: EcsService, name: str, at: float) -> Event:
    detail = {
        "eventType": _SEVERITIES.get(name, "INFO"),
        "eventName": name,
        "clusterArn": service.cluster_arn,
        "createdAt": _text(at),
    }
    return _event(service.arn, "ECS Service Action", detail, at)


def of_deployment(
    service: EcsService, deployment: Deployment, name: str, at: float
) -> Event:
    detail = {
        "eventType": _SEVERITIES.get(name, "INFO"),
        "eventName": name,
        "deploymentId": deployment.id,
        "updatedAt": _text(at),
        "reason": deployment.reason,
    }
    return _event(service.arn, "ECS Deployment State Change", detail, at)


def _event(arn: str, kind: str, detail: dict[str, Any], at: float) -> Event:
    _, _, _, region, account, _ = arn.split(":", 5)
    return Event(account, region, "aws.ecs", kind, detail, at, (arn,))


def _with_text_times(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _text(value) if name.endswith("At") else value
        for name, value in detail.items()
    }


def _text(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
