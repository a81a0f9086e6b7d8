"""CloudTrail records: JSON as AWS writes it, read into what people ask about.

Facts of the format: CloudTrail user guide, "record contents" and "userIdentity
element". Whatever is not understood stays in the record, word for word.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.audit.identities import Actor, actor_of
from apps.audit.touched import resources_of
from apps.search.documents import Document, JsonObject
from apps.search.timerange import EARLIEST, LATEST, milliseconds

UNKNOWN_ACCOUNT = "unknown"
# AWS writes UUIDs and 12 digits; other tools write their own. Both stand in URLs.
_ID = re.compile(r"[\w.:@+=/-]{1,200}", re.ASCII)
_ACCOUNT = re.compile(r"[\w-]{1,64}", re.ASCII)
GLOBAL_REGION = "global"


class MalformedRecord(ValueError):
    """A record that lacks what every CloudTrail record has; says what."""


@dataclass(slots=True)
class TrailEvent:
    """One CloudTrail record, read.

    `account` is the account the record was delivered for. `version` orders:
    (1, 10) comes after (1, 9).
    """

    id: str
    account: str
    region: str
    time: datetime
    name: str
    source: str
    version: tuple[int, ...]
    actor: Actor
    resources: tuple[str, ...]
    record: JsonObject


def parse(record: object) -> TrailEvent:
    """The event of one record. Raises MalformedRecord where it is none."""
    if not isinstance(record, dict):
        raise MalformedRecord("a record must be a JSON object")
    account = _account(record)
    return TrailEvent(
        id=_id(record, account),
        account=account,
        region=_text(record, "awsRegion") or GLOBAL_REGION,
        time=_time(record),
        name=_text(record, "eventName"),
        source=_text(record, "eventSource"),
        version=version_numbers(_text(record, "eventVersion")),
        actor=actor_of(record.get("userIdentity"), account),
        resources=resources_of(record),
        record=record,
    )


def document(
    event: TrailEvent, raw: bytes, searchable: bytes | None = None
) -> Document:
    """The event as the store takes it; `raw` is its JSON as it is to be given back."""
    derived: JsonObject = {"@actor": event.actor.key}
    if event.actor.session:
        derived["@session"] = event.actor.session
    if event.resources:
        derived["@resource"] = list(event.resources)
    return Document(
        id=event.id,
        time_ms=milliseconds(event.time),
        account=event.account,
        region=event.region,
        record=event.record,
        raw=raw,
        derived=derived,
        searchable=searchable,
    )


def version_numbers(text: str) -> tuple[int, ...]:
    """An eventVersion as numbers that order; () where it is none."""
    parts = text.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _id(record: Mapping[str, Any], account: str) -> str:
    """The same for every copy of an event: AWS delivers some more than once, and
    once to each account concerned, so the id alone would merge two accounts' views.
    A record without an id is known by its content."""
    event_id = record.get("eventID")
    if event_id is None:
        content = orjson.dumps(record, option=orjson.OPT_SORT_KEYS, default=str)
        event_id = hashlib.sha256(content).hexdigest()[:32]
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        raise MalformedRecord("eventID is not an id of 1 to 200 letters and digits")
    return f"{event_id}.{account}"


def _account(record: Mapping[str, Any]) -> str:
    account = record.get("recipientAccountId")
    if account is None:
        identity = record.get("userIdentity")
        account = identity.get("accountId") if isinstance(identity, dict) else None
    if account is None:
        return UNKNOWN_ACCOUNT
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise MalformedRecord("recipientAccountId is not the number of an account")
    return account


def _time(record: Mapping[str, Any]) -> datetime:
    text = record.get("eventTime")
    if not isinstance(text, str):
        raise MalformedRecord("eventTime is missing")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedRecord(f"eventTime {text[:40]!r} is not a time") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not EARLIEST <= moment < LATEST:
        raise MalformedRecord(f"eventTime {text[:40]!r} is outside 2000 to 2199")
    return moment.astimezone(UTC)


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""
