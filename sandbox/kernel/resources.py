"""The resource a call is about, where its parameters name it by itself."""

from __future__ import annotations

from sandbox.kernel.calls import Call


def resource_of(call: Call) -> str:
    """An ARN, or empty where the request does not say."""
    parameters = call.parameters
    if call.service == "s3" and parameters.get("Bucket"):
        key = parameters.get("Key")
        return f"arn:aws:s3:::{parameters['Bucket']}" + (f"/{key}" if key else "")
    if call.service == "sqs" and parameters.get("QueueUrl"):
        account, name = str(parameters["QueueUrl"]).rstrip("/").split("/")[-2:]
        return f"arn:aws:sqs:{call.region}:{account}:{name}"
    for member in ("RoleArn", "TopicArn", "TargetArn"):
        value = parameters.get(member)
        if isinstance(value, str):
            return value
    return ""
