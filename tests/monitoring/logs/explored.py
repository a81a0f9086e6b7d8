"""Log lines as documents, for tests of what is made of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import orjson

from apps.monitoring.kinds import LOGS
from apps.search.documents import Document
from apps.search.engines.base import DocumentEngine
from apps.search.timerange import milliseconds, rfc3339
from tests.factories import ACCOUNT, NOON

NOON_MS = milliseconds(NOON)
GROUP, STREAM = "/ecs/checkout", "checkout/1"
TRACE = "1-6a450080-bd862e3fe1be46a994272793"
_numbers = count()


def a_line(message: str = "ready", at: float = 0, **fields: Any) -> Document:
    """A line `at` seconds after noon; fields by name, `level` without its mark."""
    account = fields.pop("account", ACCOUNT)
    region = fields.pop("region", "eu-west-1")
    time_ms = NOON_MS + round(at * 1_000)
    record = {
        "@timestamp": rfc3339(NOON + timedelta(milliseconds=time_ms - NOON_MS)),
        "@message": message,
        "@logGroup": fields.pop("group", GROUP),
        "@logStream": fields.pop("stream", STREAM),
        "@account": account,
        "@region": region,
        "@eventId": fields.pop("id", f"line-{next(_numbers)}"),
    }
    derived = {f"@{name}": value for name, value in fields.items()}
    return Document(
        id=record["@eventId"],
        time_ms=time_ms,
        account=account,
        region=region,
        record=record,
        raw=orjson.dumps(record),
        derived=derived,
    )


def keep(engine: DocumentEngine, *lines: Document) -> None:
    """Store lines durably."""
    writer = engine.writer(LOGS)
    writer.add(lines)
    writer.commit()
