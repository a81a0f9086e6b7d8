"""Whom an OpenTelemetry span called, as X-Ray would name it."""

from __future__ import annotations

from typing import Final

from apps.search.documents import JsonObject
from apps.tracing.spans.attributes import Said, aws_service_of
from apps.tracing.spans.callees import DATABASE, REMOTE, aws_callee
from apps.tracing.spans.span import ServiceKey
from apps.tracing.spans.values import NAME_LENGTH, text

_NOT_SQL: Final = frozenset(
    (
        "redis",
        "memcached",
        "mongodb",
        "cassandra",
        "dynamodb",
        "aws.dynamodb",
        "elasticsearch",
        "opensearch",
        "couchdb",
        "couchbase",
        "neo4j",
        "hbase",
    )
)


def peer_of(said: Said, aws: JsonObject, account: str) -> ServiceKey | None:
    """The node that a call goes to, as far as attributes say; None where they say
    nothing. Databases are called NAME@HOST, as X-Ray's exporter does."""
    if aws:
        service = aws_service_of(said)
        return aws_callee(service, aws, account) if service else None
    engine = text(said.get("engine"))
    name = text(said.get("peer"))
    if not name and engine:
        name = _database(said, engine)
    name = name or text(said.get("broker")) or _host(said)
    if not name:
        return None
    is_sql = bool(engine) and engine not in _NOT_SQL
    return ServiceKey("", DATABASE if is_sql else REMOTE, name)


def _database(said: Said, engine: str) -> str:
    pieces = (text(said.get("database")) or engine, text(said.get("host")))
    return "@".join(piece for piece in pieces if piece)[:NAME_LENGTH]


def _host(said: Said) -> str:
    """The host, by name or out of the address that is called."""
    named = text(said.get("host"))
    if named or not said.get("url"):
        return named or text(said.get("rpc_service"))
    address = text(said["url"]).partition("://")[2]
    for mark in "/?#":
        address = address.partition(mark)[0]
    return address.rpartition("@")[2]
