"""Whom a call goes to, by what X-Ray's subsegment says: the node of the service map.

Source: "AWS resource data" and the service maps of the X-Ray developer guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.tracing.spans.span import ServiceKey
from apps.tracing.spans.values import NAME_LENGTH, TEXT_LENGTH, text

REMOTE = "remote"
DATABASE = "Database::SQL"
# The type of a node, and what of the `aws` block names it; nodes without are one for
# the service.
_TYPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "dynamodb": ("AWS::DynamoDB::Table", ("table_name",)),
    "sqs": ("AWS::SQS::Queue", ("queue_url", "queue_name")),
    "s3": ("AWS::S3::Bucket", ("bucket_name",)),
    "lambda": ("AWS::Lambda", ("function_name",)),
    "kinesis": ("AWS::Kinesis::Stream", ("stream_name",)),
    "sns": ("AWS::SNS", ()),
}
_RESOURCES = (
    "table_name",
    "queue_url",
    "queue_name",
    "bucket_name",
    "function_name",
    "stream_name",
    "topic_arn",
)


def remote_callee(name: str, *, is_database: bool) -> ServiceKey:
    """What is called over the network and is none of AWS: its account is unknown."""
    return ServiceKey("", DATABASE if is_database else REMOTE, name)


def aws_callee(name: str, aws: Mapping[str, Any], account: str) -> ServiceKey:
    """The service of AWS that is called, or what of it, where X-Ray shows that."""
    service = name.removeprefix("Amazon").removeprefix("AWS").lower()
    known = _TYPES.get(service)
    if known is None:
        return ServiceKey(account, f"AWS::{name}"[:NAME_LENGTH], name)
    kind, members = known
    resource = _named(aws, members)
    if not resource and members:
        resource = first_resource(aws)
    return ServiceKey(account, kind, resource[:NAME_LENGTH] or name)


def resource_of(aws: Mapping[str, Any]) -> str:
    """What a call to AWS was about; empty where it does not say."""
    return _named(aws, _RESOURCES) or first_resource(aws)


def first_resource(aws: Mapping[str, Any]) -> str:
    names = aws.get("resource_names")
    return text(names[0], TEXT_LENGTH) if type(names) is list and names else ""


def _named(aws: Mapping[str, Any], members: tuple[str, ...]) -> str:
    for member in members:
        found = aws.get(member)
        if type(found) is str and found:
            return text(found, TEXT_LENGTH)
    return ""
