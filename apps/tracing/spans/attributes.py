"""What tags and attributes say in X-Ray's terms: HTTP, statements, AWS, messages.

Zipkin's tags are Brave's; attributes are OpenTelemetry's semantic conventions, those
before 1.21 and those since. Names of one meaning are in one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.search.documents import JsonObject
from apps.tracing.spans.span import Http
from apps.tracing.spans.values import (
    TEXT_LENGTH,
    request_line,
    size,
    status,
    text,
)

Said = Mapping[str, Any]
"""Values by our words for them."""

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "method": ("http.method", "http.request.method"),
    "url": ("http.url", "url.full"),
    "path": ("http.path", "http.target", "url.path"),
    "status": ("http.status_code", "http.response.status_code"),
    "agent": ("http.user_agent", "user_agent.original"),
    "client": ("http.client_ip", "client.address"),
    "sent": (
        "http.request.size",
        "http.request_content_length",
        "http.request.body.size",
    ),
    "received": (
        "http.response.size",
        "http.response_content_length",
        "http.response.body.size",
    ),
    "scheme": ("http.scheme", "url.scheme"),
    "host": ("http.host", "net.peer.name", "server.address", "net.sock.peer.name"),
    "statement": ("sql.query", "cassandra.query", "db.statement", "db.query.text"),
    "database": ("cassandra.keyspace", "db.name", "db.namespace", "db.instance"),
    "engine": ("db.system", "db.system.name", "db.type"),
    "db_user": ("db.user",),
    "db_operation": ("db.operation", "db.operation.name"),
    "collection": (
        "db.sql.table",
        "db.collection.name",
        "db.mongodb.collection",
        "mongodb.collection",
    ),
    "rpc": ("rpc.system", "rpc.system.name"),
    "rpc_service": ("rpc.service", "aws.service"),
    "rpc_method": ("rpc.method", "aws.operation", "grpc.method"),
    "broker": ("messaging.system",),
    "queue": (
        "messaging.destination",
        "messaging.destination.name",
        "rabbit.queue",
        "kafka.topic",
        "jms.queue",
        "jms.topic",
    ),
    "table_name": ("aws.table_name", "aws.table.name", "aws.dynamodb.table_names"),
    "queue_url": (
        "aws.queue_url",
        "aws.queue.url",
        "aws.sqs.queue.url",
        "messaging.url",
    ),
    "queue_name": ("aws.queue_name", "aws.queue.name", "aws.sqs.queue_name"),
    "bucket_name": ("aws.bucket_name", "aws.bucket.name", "aws.s3.bucket"),
    "function_name": ("aws.function_name", "aws.lambda.name", "faas.invoked_name"),
    "stream_name": (
        "aws.stream_name",
        "aws.stream.name",
        "aws.kinesis.stream_name",
        "aws.kinesis.stream.name",
    ),
    "topic_arn": ("aws.topic_arn", "aws.sns.topic.arn", "aws.sns.topic_arn"),
    "request_id": ("aws.request_id", "aws.requestId"),
    "aws_region": ("aws.region",),
    "user": ("enduser.id", "user.id"),
    "peer": ("peer.service", "service.peer.name"),
    "error": ("error", "error.type"),
}
_WORDS = {name: word for word, names in _NAMES.items() for name in names}
_AWS_MEMBERS = (
    "table_name",
    "queue_url",
    "queue_name",
    "bucket_name",
    "function_name",
    "stream_name",
    "topic_arn",
    "request_id",
)
_HTTP = frozenset(("method", "status", "url", "path"))
_AWS_API = frozenset(("aws-api", "aws_api"))
_AWS_QUEUES = frozenset(("aws_sqs", "AmazonSQS"))
_NOT_KEPT_TWICE = frozenset(_NAMES["statement"])


def said_by(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What of the attributes has a meaning here; of lists, the first."""
    said: dict[str, Any] = {}
    words = _WORDS
    for name, value in attributes.items():
        word = words.get(name)
        if word is not None and value is not None:
            first = value[0] if type(value) is list and value else value
            said.setdefault(word, first)
    return said


def without_statements(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes to search traces by: statements are operations already."""
    if _NOT_KEPT_TWICE.isdisjoint(attributes):
        return attributes
    return {
        name: value for name, value in attributes.items() if name not in _NOT_KEPT_TWICE
    }


def http_of(said: Said) -> Http | None:
    if _HTTP.isdisjoint(said):
        return None
    return Http(
        text(said.get("method"), 20),
        _url(said),
        status(said.get("status")),
        text(said.get("agent"), TEXT_LENGTH),
        text(said.get("client")),
        size(said.get("sent")),
        size(said.get("received")),
    )


def http_block(http: Http) -> JsonObject:
    """X-Ray's `http` block."""
    request = {
        "method": http.method,
        "url": http.url,
        "user_agent": http.user_agent,
        "client_ip": http.client_ip,
    }
    block: JsonObject = {
        "request": {name: value for name, value in request.items() if value}
    }
    response = {}
    if http.status:
        response["status"] = http.status
    if http.response_bytes >= 0:
        response["content_length"] = http.response_bytes
    if response:
        block["response"] = response
    return block


def _url(said: Said) -> str:
    """The address; where only parts of it are told, what they make."""
    whole = text(said.get("url"), TEXT_LENGTH)
    path = text(said.get("path"), TEXT_LENGTH)
    if whole or not said.get("scheme") or not said.get("host"):
        return whole or path
    made = f"{text(said['scheme'])}://{text(said['host'])}{path}"
    return made[:TEXT_LENGTH]


def aws_of(said: Said) -> JsonObject:
    """X-Ray's `aws` block of a call to AWS; empty where it is none."""
    if said.get("rpc") not in _AWS_API and said.get("broker") not in _AWS_QUEUES:
        return {}
    found = {
        member: text(said.get(member), TEXT_LENGTH)
        for member in _AWS_MEMBERS
        if said.get(member)
    }
    found["operation"] = text(said.get("rpc_method")).rpartition("/")[2]
    found["region"] = text(said.get("aws_region"))
    if said.get("queue") and "queue_url" not in found:
        found.setdefault("queue_name", text(said["queue"], TEXT_LENGTH))
    return {member: value for member, value in found.items() if value}


def aws_service_of(said: Said) -> str:
    """X-Ray's name of the service of AWS that is called."""
    if said.get("broker") in _AWS_QUEUES:
        return "SQS"
    service = text(said.get("rpc_service"))
    return service or text(said.get("rpc_method")).rpartition("/")[0]


def sql_of(said: Said) -> JsonObject:
    """X-Ray's `sql` block; empty where no statement is told."""
    statement = text(said.get("statement"), TEXT_LENGTH)
    if not statement:
        return {}
    found = {
        "sanitized_query": statement,
        "database_type": text(said.get("engine")),
        "user": text(said.get("db_user")),
    }
    return {member: value for member, value in found.items() if value}


def operation_of(said: Said, http: Http | None, name: str) -> str:
    """What was called; the span's own name where nothing else says it."""
    if said.get("statement"):
        return text(said["statement"], TEXT_LENGTH)
    if said.get("rpc_method"):
        service = text(said.get("rpc_service"))
        method = text(said["rpc_method"])
        is_aws = said.get("rpc") in _AWS_API
        if is_aws:
            return method.rpartition("/")[2]
        return f"{service}/{method}" if service and "/" not in method else method
    if http is not None and (http.method or http.url):
        return request_line(http.method, http.url)
    return text(said.get("db_operation")) or name


def resource_of(said: Said, aws: JsonObject) -> str:
    """On what it was called: a table, a queue, a database."""
    for member in _AWS_MEMBERS[:-1]:
        if member in aws:
            return str(aws[member])
    for word in ("queue", "collection", "database"):
        if said.get(word):
            return text(said[word], TEXT_LENGTH)
    return ""
