"""What the service graph counts, in columns: segments, calls and links between them.

Documents are read once, when they come. A call and the segment of the service it
reached find each other by ids, whichever comes first.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sandbox.xray.inference import outgoing_of
from sandbox.xray.segments import (
    Document,
    Flags,
    Outgoing,
    ServiceId,
    end_of,
    flags_of,
    service_of,
    start_of,
    trace_key,
    walk,
)
from sandbox.xray.table import Column, Index, Table

_BITS = (1 << 64) - 1
_SPREAD = 0x9E3779B97F4A7C15  # 2**64 by the golden ratio: spreads traces over the keys
_SEGMENTS = {
    "trace": "u4", "service": "u4", "start": "f8", "response": "f4", "duration": "f4",
    "flags": "u1", "alive": "?", "via": "i4", "above": "i4",
}  # fmt: skip
_CALLS = {
    "owner": "i4", "service": "u4", "start": "f8", "response": "f4", "flags": "u1",
    "answered": "?",
}  # fmt: skip
_LINKS = {"segment": "i4", "key": "u8", "call": "i4"}
NONE = -1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The observations of a moment.

    A segment is reached `via` a call (a row of `calls`), lies directly under the
    segment `above`, or neither (-1). A call whose `owner` is -1 was replaced.
    `answered` are calls whose callee sent a segment of its own.
    """

    services: Sequence[ServiceId]
    segments: dict[str, Column]
    calls: dict[str, Column]
    links: dict[str, Column]


class _Stray(NamedTuple):
    """A subsegment that was sent by itself, until its segment is known."""

    trace_id: str
    parent: int
    outgoing: Sequence[Outgoing]


@dataclass(slots=True)
class _Fresh:
    """Keys of what came since calls and callees were joined last; 0 is no parent.

    Later only the indexes hold keys: kept as columns they would take as much again.
    """

    segments: array[int] = field(default_factory=lambda: array("Q"))
    parents: array[int] = field(default_factory=lambda: array("Q"))
    calls: array[int] = field(default_factory=lambda: array("Q"))


class _Orphans(NamedTuple):
    """Segments whose parents are not known yet, and the parents' keys."""

    rows: Column
    parents: Column


@dataclass(slots=True)
class Observations:
    """The observations of one account and region. The caller guards it by a lock."""

    account: str
    _services: list[ServiceId] = field(default_factory=list)
    _numbers: dict[ServiceId, int] = field(default_factory=dict)
    _segments: Table = field(default_factory=lambda: Table(_SEGMENTS))
    _calls: Table = field(default_factory=lambda: Table(_CALLS))
    _links: Table = field(default_factory=lambda: Table(_LINKS))
    _by_key: Index = field(default_factory=Index)
    _call_by_key: Index = field(default_factory=Index)
    _parents: dict[int, int] = field(default_factory=dict)
    _strays: list[_Stray] = field(default_factory=list)
    _orphans: _Orphans = field(
        default_factory=lambda: _Orphans(np.empty(0, np.int32), np.empty(0, np.uint64))
    )
    _unlinked: Column = field(default_factory=lambda: np.empty(0, np.int32))
    _fresh: _Fresh = field(default_factory=_Fresh)
    _linked: int = 0

    def add(self, trace: int, document: Document) -> None:
        """Take a document of the trace with this number."""
        trace_id = document["trace_id"]
        outgoing = list(outgoing_of(document, self.account))
        parent = document.get("parent_id")
        if document.get("type") == "subsegment":
            above = key_of(trace_id, parent)
            self._parents[key_of(trace_id, document["id"])] = above
            self._strays.append(_Stray(trace_id, above, outgoing))
            return
        self._fresh.segments.append(key_of(trace_id, document["id"]))
        self._fresh.parents.append(key_of(trace_id, parent) if parent else 0)
        start, end = start_of(document), end_of(document)
        longest = max((end_of(inner) for inner in walk(document)), default=end)
        row = self._segments.append(
            (
                trace,
                self._number(service_of(document, self.account)),
                start,
                end - start,
                max(end, longest) - start,
                flags_of(document) | (0 if parent else Flags.ROOT.value),
                True,
                NONE,
                NONE,
            )
        )
        self._add_calls(trace_id, row, outgoing)
        if isinstance(document.get("links"), list):
            self._add_links(row, document)

    def _number(self, service: ServiceId) -> int:
        found = self._numbers.get(service)
        if found is None:
            found = self._numbers[service] = len(self._services)
            self._services.append(service)
        return found

    def _add_calls(self, trace_id: str, row: int, calls: Iterable[Outgoing]) -> None:
        for call in calls:
            self._fresh.calls.append(key_of(trace_id, call.id))
            self._calls.append(
                (
                    row,
                    self._number(call.service),
                    call.start,
                    call.end - call.start,
                    call.flags,
                    False,
                )
            )

    def _add_links(self, row: int, document: Document) -> None:
        for link in document["links"]:
            if isinstance(link, dict) and trace_key(str(link.get("trace_id"))):
                key = key_of(link["trace_id"], link.get("id"))
                self._links.append((row, key, NONE))

    def snapshot(self) -> Snapshot:
        """Everything until now, with calls and callees joined."""
        self.resolve()
        return Snapshot(
            tuple(self._services),
            self._segments.columns(),
            self._calls.columns(),
            self._links.columns(),
        )

    def unresolved(self) -> int:
        """How many segments came since calls and callees were joined last."""
        return len(self._fresh.segments)

    def resolve(self) -> None:
        """Join what came since the last time."""
        segments = self._segments.columns()
        keys, parents = _keys(self._fresh.segments), _keys(self._fresh.parents)
        end = len(segments["trace"])
        fresh = np.arange(end - len(keys), end, dtype=np.int32)
        self._replace_segments(segments, keys, fresh)
        self._adopt_strays()
        calls = self._calls.columns()
        self._replace_calls(segments, calls, _keys(self._fresh.calls))
        self._fresh = _Fresh()
        has_parent = parents != 0
        waiting = _Orphans(
            np.concatenate([self._orphans.rows, fresh[has_parent]]),
            np.concatenate([self._orphans.parents, parents[has_parent]]),
        )
        self._orphans = self._join(segments, calls, waiting)
        self._join_links()

    def _replace_segments(
        self, segments: dict[str, Column], keys: Column, fresh: Column
    ) -> None:
        """A segment that is sent again stands for the one before."""
        older = self._by_key.find(keys)
        segments["alive"][older[older >= 0]] = False
        self._by_key.add(keys, fresh)
        newest = self._by_key.find(keys)
        segments["alive"][fresh[newest != fresh]] = False

    def _adopt_strays(self) -> None:
        waiting = []
        for stray in self._strays:
            row = self._row_above(stray.parent)
            if row >= 0:
                self._add_calls(stray.trace_id, row, stray.outgoing)
            else:
                waiting.append(stray)
        self._strays = waiting

    def _row_above(self, key: int) -> int:
        seen = set()
        while key in self._parents and key not in seen:
            seen.add(key)
            key = self._parents[key]
        return int(self._by_key.find(np.array([key], np.uint64))[0])

    def _replace_calls(
        self, segments: dict[str, Column], calls: dict[str, Column], keys: Column
    ) -> None:
        end = len(calls["owner"])
        fresh = np.arange(end - len(keys), end, dtype=np.int32)
        older = self._call_by_key.find(keys)
        self._call_by_key.add(keys, fresh)
        newest = self._call_by_key.find(keys)
        calls["owner"][fresh[newest != fresh]] = NONE
        again = older >= 0
        if again.any():
            old, new = older[again], newest[again]
            calls["answered"][new] |= calls["answered"][old]
            calls["owner"][old] = NONE
            moved = np.arange(end, dtype=np.int32)
            moved[old] = new
            reached = np.flatnonzero(segments["via"] >= 0)
            segments["via"][reached] = moved[segments["via"][reached]]

    def _join(
        self, segments: dict[str, Column], calls: dict[str, Column], waiting: _Orphans
    ) -> _Orphans:
        """Give segments their parents. Answers with those whose parent is not known."""
        rows, parents = waiting
        via = self._call_by_key.find(parents)
        above = np.where(via >= 0, np.int32(NONE), self._by_key.find(parents))
        segments["via"][rows] = via
        segments["above"][rows] = above
        calls["answered"][via[via >= 0]] = True
        unknown = (via < 0) & (above < 0)
        return _Orphans(rows[unknown], parents[unknown])

    def _join_links(self) -> None:
        links = self._links.columns()
        fresh = np.arange(self._linked, len(links["key"]), dtype=np.int32)
        waiting = np.concatenate([self._unlinked, fresh])
        found = self._call_by_key.find(links["key"][waiting])
        links["call"][waiting] = found
        self._unlinked = waiting[found < 0]
        self._linked = len(links["key"])


def _keys(held: array[int]) -> Column:
    return np.array(held, np.uint64)


def key_of(trace_id: str, entity_id: object) -> int:
    """64 bits for an id within its trace; 0 stands for none."""
    try:
        number = int(str(entity_id), 16)
    except ValueError:
        return 0
    return (number ^ (int(trace_id[-16:], 16) * _SPREAD)) & _BITS or 1


def is_complete(flags: Column) -> Column:
    return np.asarray((flags & Flags.PARTIAL.value) == 0)
