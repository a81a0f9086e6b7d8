"""A line of a log, and the document it becomes."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from apps.monitoring.logs.recognition import fields_of
from apps.search.documents import Document, JsonObject, indexable

# CloudWatch takes no event beyond this; what comes from files may be longer.
MAX_MESSAGE = 1 << 20


@dataclass(slots=True)
class LogLine:
    """An event of a log stream. Not frozen only because there are millions of them.

    `event_id` is CloudWatch's own, where it told one;
    `flow_fields` the order of fields of a flow log, where it is known."""

    account: str
    region: str
    group: str
    stream: str
    timestamp_ms: int
    message: str
    ingestion_ms: int | None = None
    event_id: str = ""
    flow_fields: tuple[str, ...] = ()


def content_id(line: LogLine) -> str:
    """32 hex digits for what every way of delivery says alike of an event.

    Exports name a stream with dashes for its slashes, and give messages without the
    line feed that some end with; both are left out of account.
    """
    where = f"{line.account}\0{line.region}\0{line.group}\0"
    stream = line.stream.replace("/", "-")
    text = f"{where}{stream}\0{line.timestamp_ms}\0{line.message.rstrip()}"
    content = text.encode("utf-8", "replace")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def document_id(content: str, twin: int) -> str:
    """The id of the n-th of events that are the same in all that is told of them."""
    return f"{content}.{twin}" if twin else content


def document(line: LogLine, twin: int = 0) -> Document:
    """The line as it enters the store, recognised; `twin` counts lines that are the
    same to the letter and the millisecond."""
    return as_document(line, document_id(content_id(line), twin))


def as_document(line: LogLine, name: str) -> Document:
    """The line as the document of this id."""
    return as_recognised(line, name, fields_of(line.message, line.flow_fields))


def as_recognised(line: LogLine, name: str, derived: JsonObject) -> Document:
    """The line, whose fields are known, as the document of this id."""
    record = _record(line)
    where = _where(line.account, line.region, line.group, line.stream)
    try:
        raw = orjson.dumps(record)
    except orjson.JSONEncodeError:  # half a character
        record = _whole(record)
        derived = _whole(derived)
        raw = orjson.dumps(record)
    is_told_alone = line.ingestion_ms is None and not line.event_id
    return Document(
        name,
        line.timestamp_ms,
        line.account,
        line.region,
        record,
        raw,
        derived,
        where if is_told_alone else None,
    )


def _record(line: LogLine) -> JsonObject:
    record: JsonObject = {
        "@timestamp": _moment(line.timestamp_ms),
        "@message": line.message,
        "@logGroup": line.group,
        "@logStream": line.stream,
        "@account": line.account,
        "@region": line.region,
    }
    if line.ingestion_ms is not None:
        record["@ingestionTime"] = _moment(line.ingestion_ms)
    if line.event_id:
        record["@eventId"] = line.event_id
    return record


@lru_cache(1_024)
def _where(account: str, region: str, group: str, stream: str) -> bytes | None:
    """The fields that all lines of a stream share, as JSON; text and time are found
    otherwise. None where a name holds half a character."""
    fields = {
        "@logGroup": group,
        "@logStream": stream,
        "@account": account,
        "@region": region,
    }
    try:
        return orjson.dumps(fields)
    except orjson.JSONEncodeError:
        return None


def _whole(fields: JsonObject) -> JsonObject:
    whole = indexable(fields)
    return whole if isinstance(whole, dict) else {}


def _moment(milliseconds: int) -> str:
    """RFC 3339 with milliseconds, in UTC."""
    return f"{_second(milliseconds // 1_000)}.{milliseconds % 1_000:03d}Z"


@lru_cache(4_096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
