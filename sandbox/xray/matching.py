"""Traces held against expressions, and which traces belong to a group."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np

from sandbox.xray.filtering import Subject
from sandbox.xray.groups import Group, Groups
from sandbox.xray.places import Place, Places
from sandbox.xray.store import Store, TraceRecord
from sandbox.xray.summaries import summary_of
from sandbox.xray.table import Column
from sandbox.xray.traces import compile_trace

_READ_AT_ONCE = 100
_Known = dict[int, tuple[int, bool]]
"""By trace: its revision when it was looked at, and whether it belonged."""


class Matching:
    """Reads traces and answers whether they match."""

    def __init__(self, stores: Places[Store], groups: Groups) -> None:
        self._stores = stores
        self._groups = groups
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], _Known] = {}

    def subjects(
        self, place: Place, numbers: Sequence[int]
    ) -> Iterator[tuple[TraceRecord, Subject]]:
        """The traces with these numbers, read a few at a time."""
        store = self._stores[place]
        for at in range(0, len(numbers), _READ_AT_ONCE):
            for record in store.records(numbers[at : at + _READ_AT_ONCE]):
                yield record, self._subject(place, record)

    def _subject(self, place: Place, record: TraceRecord) -> Subject:
        trace = compile_trace(record.texts, place[0])
        summary = {"Id": record.id, **summary_of(trace), "Revision": record.revision}

        def is_in_group(keyword: str, value: str) -> bool:
            group = self._groups.found(place, keyword, value)
            # A group within a group's expression takes nothing: X-Ray has none.
            inner = Subject(trace, summary, lambda keyword, value: False)
            return group is not None and (not group.node or inner.matches(group.node))

        return Subject(trace, summary, is_in_group)

    def in_group(self, place: Place, group: Group, candidates: Column) -> Column:
        """A column of truth by trace number: which candidates belong to the group."""
        revisions = self._stores[place].revisions()
        inside = np.zeros(len(revisions), bool)
        if group.node is None:
            inside[:] = True
            return inside
        with self._lock:
            known = self._known.setdefault((group.arn, group.expression), {})
        numbers = [int(n) for n in candidates if n < len(revisions)]
        new = [n for n in numbers if known.get(n, (0, False))[0] != revisions[n]]
        for record, subject in self.subjects(place, new):
            known[record.number] = (record.revision, subject.matches(group.node))
        for number in numbers:
            inside[number] = known[number][1]
        return inside
