"""Who is behind a session: from one AssumeRole to the one before, back to a person.

A session's access key is in the answer of the call that made it. Whoever made that
call had an access key too, and so on, until one that no call of ours gave out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.audit.identities import Actor, actor_of
from apps.search.documents import read_json
from apps.search.engines.base import DocumentReader, Hit, Scope, SearchRequest
from apps.search.kinds import Kind
from apps.search.syntax import Equals
from apps.search.timerange import from_milliseconds

_GIVEN_KEY = "responseElements.credentials.accessKeyId"
_MAX_STEPS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """An identity took on another: `actor` called `event`, which made a session."""

    actor: Actor
    event: str
    event_id: str
    time: datetime
    address: str
    access_key: str
    source_identity: str


def chain(
    reader: DocumentReader, kind: Kind, scope: Scope, access_key: str, now: datetime
) -> list[Step]:
    """The steps that led to a session, the first one first; [] where none is known."""
    steps: list[Step] = []
    seen: set[str] = set()
    while access_key and access_key not in seen and len(steps) < _MAX_STEPS:
        seen.add(access_key)
        asked = SearchRequest(
            kind, now, query=Equals(_GIVEN_KEY, access_key), scope=scope
        )
        hits = reader.find(asked, 1).hits
        if not hits:
            break
        step = _step(hits[0])
        steps.insert(0, step)
        access_key = step.access_key
    return steps


def _step(hit: Hit) -> Step:
    record = read_json(hit.raw)
    identity = record.get("userIdentity")
    return Step(
        actor=actor_of(identity, hit.account),
        event=_text(record.get("eventName")),
        event_id=hit.id,
        time=from_milliseconds(hit.time_ms),
        address=_text(record.get("sourceIPAddress")),
        access_key=_inside(identity, "accessKeyId"),
        source_identity=_inside(record.get("requestParameters"), "sourceIdentity"),
    )


def _inside(value: Any, key: str) -> str:
    return _text(value.get(key)) if isinstance(value, dict) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
