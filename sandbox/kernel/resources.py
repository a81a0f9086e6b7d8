"""The resource a call is about, where its parameters name it by itself."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.kernel.calls import Call


def resource_of(call: Call) -> str:
    """An ARN, or empty where the request does not say."""
    parameters = call.parameters
    if call.service == "s3" and parameters.get("Bucket"):
        key = parameters.get("Key")
        return f"arn:aws:s3:::{parameters['Bucket']}" + (f"/{key}" if key else "")
    if call.service == "sqs" and str(parameters.get("QueueUrl")).count("/") > 1:
        account, name = str(parameters["QueueUrl"]).rstrip("/").split("/")[-2:]
        return f"arn:aws:sqs:{call.region}:{account}:{name}"
    if call.service in _ARN_MEMBERS:
        return _text(parameters.get(_ARN_MEMBERS[call.service]))
    if call.service == "logs":
        return _log_group(call)
    member, kind = _NAMED.get(call.service, ("", ""))
    name = _text(parameters.get(member))
    return call.arn(f"{kind}/{name}") if name else ""


# Members that hold the ARN itself, and members that name what an ARN ends with.
_ARN_MEMBERS: Mapping[str, str] = {"sts": "RoleArn", "sns": "TopicArn"}
_NAMED: Mapping[str, tuple[str, str]] = {
    "dynamodb": ("TableName", "table"),
    "kms": ("KeyId", "key"),
    "ssm": ("DocumentName", "document"),
}


def _log_group(call: Call) -> str:
    """Policies name a group with or without the streams in it."""
    given = call.parameters.get("logGroupName") or call.parameters.get(
        "logGroupIdentifier"
    )
    name = _text(given)
    if name.startswith("arn:"):
        return name if name.endswith(":*") else f"{name}:*"
    return call.arn(f"log-group:{name}:*") if name else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
