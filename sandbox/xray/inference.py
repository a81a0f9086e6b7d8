"""Inferred segments: what X-Ray concludes of services that send nothing themselves.

Source: "Inferred segments" in the X-Ray developer guide, "Concepts".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.xray.segments import (
    Document,
    Outgoing,
    ServiceId,
    end_of,
    flags_of,
    is_outgoing,
    part,
    start_of,
    walk,
)

# The type of a node, and what in the `aws` block names it. Source: the service map of
# the guide's samples, and the resources X-Ray's SDKs record by service.
_KNOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "dynamodb": ("AWS::DynamoDB::Table", ("table_name",)),
    "sqs": ("AWS::SQS::Queue", ("queue_url", "queue_name")),
    "s3": ("AWS::S3::Bucket", ("bucket_name",)),
    "lambda": ("AWS::Lambda", ("function_name",)),
    "kinesis": ("AWS::Kinesis::Stream", ("stream_name",)),
    "sns": ("AWS::SNS", ()),
}
_BY_RESOURCE = frozenset({"dynamodb", "sqs", "s3", "lambda", "kinesis"})
MESSAGING = frozenset(
    {
        "AWS::SQS::Queue",
        "AWS::SNS",
        "AWS::SNS::Topic",
        "AWS::Kinesis::Stream",
        "AWS::Events",
    }
)
"""What takes messages for others: it stays a node when a consumer is seen, and the way
from it to the consumer is a link."""

_COPIED = ("http", "aws", "sql", "fault", "error", "throttle", "cause", "in_progress")


def callee_of(subsegment: Mapping[str, Any], account: str) -> ServiceId:
    """The node that a call goes to, as far as the caller knows."""
    name = str(subsegment.get("name", ""))
    if subsegment.get("namespace") == "remote":
        kind = "Database::SQL" if subsegment.get("sql") else "remote"
        return ServiceId(name, kind, "")
    lowered = name.removeprefix("Amazon").removeprefix("AWS").lower()
    kind, members = _KNOWN.get(lowered, (f"AWS::{name}", ()))
    aws = part(subsegment, "aws")
    resource = next((aws[m] for m in members if isinstance(aws.get(m), str)), None)
    if resource is None and lowered in _BY_RESOURCE:
        resource = _first(aws.get("resource_names"))
    return ServiceId(resource or name, kind, account)


def _first(names: object) -> str | None:
    if isinstance(names, list) and names and isinstance(names[0], str):
        return names[0]
    return None


def outgoing_of(document: Document, account: str) -> Iterator[Outgoing]:
    """The calls of a document; one that is a subsegment may be a call itself."""
    candidates = walk(document)
    if document.get("type") == "subsegment" and is_outgoing(document):
        yield _outgoing(document, account)
    for subsegment in candidates:
        if is_outgoing(subsegment):
            yield _outgoing(subsegment, account)


def _outgoing(subsegment: Document, account: str) -> Outgoing:
    return Outgoing(
        str(subsegment.get("id", "")),
        callee_of(subsegment, account),
        start_of(subsegment),
        max(start_of(subsegment), end_of(subsegment)),
        flags_of(subsegment),
    )


def inferred_document(subsegment: Document, trace_id: str, account: str) -> Document:
    """The segment X-Ray adds for a call whose callee sent none."""
    digest = hashlib.blake2b(str(subsegment.get("id")).encode(), digest_size=8)
    made: Document = {
        "id": digest.hexdigest(),
        "name": subsegment.get("name", ""),
        "start_time": subsegment.get("start_time"),
        "trace_id": trace_id,
        "parent_id": subsegment.get("id"),
        "inferred": True,
    }
    if subsegment.get("end_time") is not None:
        made["end_time"] = subsegment["end_time"]
    made.update({name: subsegment[name] for name in _COPIED if name in subsegment})
    kind = callee_of(subsegment, account).type
    if kind != "remote":
        made["origin"] = kind
    return made
