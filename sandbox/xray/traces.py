"""A whole trace, put together from its documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import orjson

from sandbox.xray.inference import MESSAGING, callee_of, inferred_document
from sandbox.xray.segments import (
    Document,
    ServiceId,
    children_of,
    end_of,
    flags_of,
    is_outgoing,
    service_of,
    start_of,
    walk,
)

_LONGEST_CHAIN = 20


class Way(NamedTuple):
    """A call from one service to another, with the entity that measured it."""

    source: ServiceId
    target: ServiceId
    entity: Document


@dataclass
class Trace:
    """Segments as X-Ray compiles them: subsegments within, inferred ones after.

    `texts` are the documents that were left as they were sent, by id.
    """

    account: str
    segments: list[Document]
    inferred: list[Document]
    texts: dict[str, bytes] = field(default_factory=dict)

    @property
    def everything(self) -> list[Document]:
        return self.segments + self.inferred

    @cached_property
    def root(self) -> Document:
        """The segment that was reached first: one without a parent, or the earliest."""
        orphans = [s for s in self.segments if not s.get("parent_id")]
        return min(orphans or self.segments, key=start_of)

    @property
    def start(self) -> float:
        return min(start_of(segment) for segment in self.segments)

    @property
    def duration(self) -> float:
        """From the earliest start to the last end."""
        last = max(end_of(segment) for segment in self.everything)
        return round(max(last - self.start, 0.0), 3)

    @property
    def response_time(self) -> float:
        """Of the root segment alone."""
        return round(end_of(self.root) - start_of(self.root), 3)

    @property
    def is_partial(self) -> bool:
        return any(flags_of(segment) & 8 for segment in self.segments)

    def service(self, segment: Document) -> ServiceId:
        caller = self._callers.get(str(segment.get("parent_id")))
        if segment.get("inferred") and caller is not None:
            return callee_of(caller, self.account)
        return service_of(segment, self.account)

    @cached_property
    def _callers(self) -> dict[str, Document]:
        """Every segment and subsegment by its id."""
        return {
            str(entity.get("id")): entity
            for segment in self.segments
            for entity in (segment, *walk(segment))
        }

    def beneath(self, entity: Document) -> list[Document]:
        """Subsegments of an entity, and segments of the services it called."""
        return [*children_of(entity), *self._children.get(str(entity.get("id")), ())]

    @cached_property
    def _children(self) -> dict[str, list[Document]]:
        found: dict[str, list[Document]] = {}
        for segment in self.everything:
            if segment.get("parent_id"):
                found.setdefault(str(segment["parent_id"]), []).append(segment)
        return found

    def ways(self) -> Iterator[Way]:
        """Every call between services of the trace, clients of roots included."""
        for segment in self.segments:
            source = self.service(segment)
            if not segment.get("parent_id"):
                yield Way(ServiceId(source.name, "client", ""), source, segment)
            for target in self._children.get(str(segment.get("id")), ()):
                yield Way(source, self.service(target), target)
            for inner in walk(segment):
                for target in self._children.get(str(inner.get("id")), ()):
                    yield Way(source, self.service(target), inner)


def compile_trace(texts: Iterable[bytes], account: str) -> Trace:
    """The trace of these documents: the last one sent under an id counts."""
    latest: dict[str, tuple[Document, bytes]] = {}
    for text in texts:
        document = orjson.loads(text)
        latest[document["id"]] = (document, text)
    unchanged = {key: text for key, (_, text) in latest.items()}
    documents = {key: document for key, (document, _) in latest.items()}
    segments = _nested(documents, unchanged)
    return Trace(account, segments, list(_inferred(segments, account)), unchanged)


def _nested(
    documents: dict[str, Document], unchanged: dict[str, bytes]
) -> list[Document]:
    """Segments with the subsegments that were sent by themselves put into them."""
    places, holders = dict(documents), {key: key for key in documents}
    for key, document in documents.items():
        for inner in walk(document):
            places[str(inner.get("id"))] = inner
            holders[str(inner.get("id"))] = key
    alone = []
    for key, document in documents.items():
        parent = places.get(str(document.get("parent_id")))
        if parent is None or not _has_its_place(key, documents, holders):
            alone.append(document)
            continue
        parent["subsegments"] = [
            *(c for c in children_of(parent) if c.get("id") != key),
            document,
        ]
        # What holds it is no longer what was sent.
        _forget(key, documents, unchanged)
    return alone


def _has_its_place(
    key: str, documents: dict[str, Document], holders: dict[str, str]
) -> bool:
    """Whether it is a subsegment whose parents end somewhere, and not in itself."""
    at: str | None = key
    for _ in range(_LONGEST_CHAIN):
        if at is None or documents[at].get("type") != "subsegment":
            return at != key
        at = holders.get(str(documents[at].get("parent_id")))
    return False


def _forget(
    key: str, documents: dict[str, Document], unchanged: dict[str, bytes]
) -> None:
    unchanged.pop(key, None)
    for holder, document in documents.items():
        if any(str(inner.get("id")) == key for inner in walk(document)):
            unchanged.pop(holder, None)


def _inferred(segments: list[Document], account: str) -> Iterator[Document]:
    answered = {segment.get("parent_id") for segment in segments}
    for segment in segments:
        inside = [segment] if segment.get("type") == "subsegment" else []
        for call in [*inside, *walk(segment)]:
            if not is_outgoing(call):
                continue
            by_message = callee_of(call, account).type in MESSAGING
            if str(call.get("id")) not in answered or by_message:
                yield inferred_document(call, segment["trace_id"], account)
