"""What Task states do: functions, and calls of AWS's own SDK.

Source: Step Functions Developer Guide, "Integrating services".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.stepfunctions.data import StateFailed

Clients = Callable[[str], Any]
_SDK = re.compile(
    r"arn:aws:states:::aws-sdk:(?P<service>[a-z0-9]+):(?P<call>[A-Za-z0-9]+)"
)
_INVOKE = "arn:aws:states:::lambda:invoke"
_FUNCTION = ":function:"
# Names of the SDK for Java that are not botocore's.
_SERVICES: Mapping[str, str] = {
    "elasticloadbalancingv2": "elbv2",
    "cloudwatchlogs": "logs",
    "sfn": "stepfunctions",
}


def kind_of(resource: str) -> tuple[str, str]:
    """Resource type and resource, as events name them."""
    if _FUNCTION in resource and not resource.startswith("arn:aws:states:::"):
        return "lambda", "invoke"
    parts = resource.removeprefix("arn:aws:states:::").split(":")
    return ":".join(parts[:-1]), parts[-1]


def carry_out(resource: str, given: Any, clients: Clients) -> Any:
    """The result of a task. Raises StateFailed."""
    try:
        if resource == _INVOKE:
            return _invoke(clients("lambda"), given)
        if _FUNCTION in resource:
            asked = {"FunctionName": resource, "Payload": given}
            return _invoke(clients("lambda"), asked)["Payload"]
        return _sdk(resource, given, clients)
    except ClientError as error:
        said = error.response["Error"]
        raise StateFailed(said["Code"], said["Message"]) from error
    except BotoCoreError as error:
        raise StateFailed("States.Runtime", str(error)) from error


def _invoke(client: Any, given: Any) -> dict[str, Any]:
    payload = json.dumps(given.get("Payload", {})).encode()
    answer = client.invoke(FunctionName=given["FunctionName"], Payload=payload)
    said = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        is_told = isinstance(said, dict)
        error = said.get("errorType", "Error") if is_told else "Error"
        raise StateFailed(str(error), json.dumps(said))
    return {
        "ExecutedVersion": answer.get("ExecutedVersion", "$LATEST"),
        "Payload": said,
        "StatusCode": answer["StatusCode"],
    }


def _sdk(resource: str, given: Any, clients: Clients) -> Any:
    found = _SDK.fullmatch(resource)
    if found is None:
        raise StateFailed("States.Runtime", f"The sandbox does not run {resource}.")
    service = _SERVICES.get(found["service"], found["service"])
    client = clients(service)
    names = {
        api.lower(): method for method, api in client.meta.method_to_api_mapping.items()
    }
    method = names.get(found["call"].lower())
    if method is None:
        raise StateFailed("States.Runtime", f"{service} has no {found['call']}.")
    answer = dict(getattr(client, method)(**given))
    answer.pop("ResponseMetadata", None)
    return json.loads(json.dumps(answer, default=str))
