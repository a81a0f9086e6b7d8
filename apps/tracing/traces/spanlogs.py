"""Lines of logs put under the spans in which they were written."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.search import store
from apps.search.engines.base import Hit, Scope, SearchRequest, SortOrder
from apps.search.exporting import record_of
from apps.search.syntax import AllOf, Equals, Exists
from apps.tracing.kinds import SPANS
from apps.tracing.traces.waterfall import Row, Waterfall

MOST_LINES = 1_000
_KIND = "logs"
_GROUPS = "aws.cloudwatch_logs.log_group"
_MOST_SEGMENTS = 500
_TOLERATED_US = 5_000
_MICRO_A_MILLI = 1_000


@dataclass(frozen=True, slots=True)
class LogLine:
    """`at_us` is since 1970, by the clock of who wrote it."""

    id: str
    at_us: int
    group: str
    level: str
    text: str
    is_failure: bool


@dataclass(frozen=True, slots=True)
class SpanLogs:
    """Lines by the key of their span; `loose` fit no span. `more`: there are further
    lines, which were not read."""

    by_span: Mapping[str, Sequence[LogLine]]
    loose: Sequence[LogLine]
    more: bool
    partial: str | None

    @property
    def count(self) -> int:
        return sum(map(len, self.by_span.values())) + len(self.loose)

    @property
    def failures(self) -> int:
        every = [*self.loose, *(one for some in self.by_span.values() for one in some)]
        return sum(one.is_failure for one in every)


def logs_of(found: Waterfall, scope: Scope, now: datetime, seconds: float) -> SpanLogs:
    """Raises EngineUnavailable."""
    trace_id = found.tree.root.trace_id
    reader, kind = store.reader(), store.kind_named(_KIND)
    asked = SearchRequest(
        kind, now, query=Equals("@traceId", trace_id), scope=scope, seconds=seconds
    )
    page = reader.find(asked, MOST_LINES, SortOrder.OLDEST)
    lines = [_line(hit) for hit in page.hits]
    groups = _groups_of_segments(trace_id, scope, now, seconds) if lines else {}
    by_span, loose = placed(found, lines, groups)
    return SpanLogs(by_span, loose, page.next is not None, page.partial)


def _line(hit: Hit) -> LogLine:
    record = record_of(hit)
    kind = store.kind_named(_KIND)
    level = record.get(kind.level_field)
    return LogLine(
        hit.id,
        hit.time_ms * _MICRO_A_MILLI,
        str(record.get("@logGroup", "")),
        level if isinstance(level, str) else "",
        str(record.get(kind.text_field, "")),
        isinstance(level, str) and kind.is_failure([level]),
    )


def _groups_of_segments(
    trace_id: str, scope: Scope, now: datetime, seconds: float
) -> dict[str, list[str]]:
    """The keys of segments by the log groups that they name."""
    asked = SearchRequest(
        SPANS,
        now,
        query=AllOf((Equals("trace_id", trace_id), Exists(_GROUPS))),
        scope=scope,
        seconds=seconds,
    )
    found: dict[str, list[str]] = defaultdict(list)
    for hit in store.reader().find(asked, _MOST_SEGMENTS).hits:
        for group in _named_groups(record_of(hit)):
            found[group].append(hit.id.rsplit(".", 1)[1])
    return found


def _named_groups(record: Mapping[str, Any]) -> Iterable[str]:
    aws = record.get("aws")
    listed = aws.get("cloudwatch_logs") if isinstance(aws, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("log_group"), str):
            yield one["log_group"]


def placed(
    found: Waterfall, lines: Iterable[LogLine], groups: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[LogLine]], list[LogLine]]:
    """Each line under the innermost span at work when it was written: among those of
    the segments that name its group, else of the service that the group is called
    after, else under none."""
    candidates = _Candidates(found, groups)
    by_span: dict[str, list[LogLine]] = defaultdict(list)
    loose: list[LogLine] = []
    for line in lines:
        row = candidates.of(line)
        if row is None:
            loose.append(line)
        else:
            by_span[row.key].append(line)
    return dict(by_span), loose


class _Candidates:
    """Rows that a group may belong to, those that began first in front."""

    def __init__(self, found: Waterfall, groups: Mapping[str, Sequence[str]]) -> None:
        self._groups = groups
        self._by_head: dict[str, list[Row]] = defaultdict(list)
        self._by_service: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(found.rows, key=lambda one: one.begin_us):
            if row.span is not None:
                self._by_head[found.tree.head(row.span).key].append(row)
                self._by_service[row.span.service.name].append(row)
        self._of_group: dict[str, tuple[list[Row], list[int]]] = {}

    def of(self, line: LogLine) -> Row | None:
        rows, begins = self._rows_of(line.group)
        best: Row | None = None
        last = bisect_right(begins, line.at_us + _TOLERATED_US)
        for row in rows[max(0, last - _MOST_SEGMENTS) : last]:
            holds = line.at_us - row.shift_us <= row.end_us + _TOLERATED_US
            if holds and (best is None or row.depth >= best.depth):
                best = row
        return best or (rows[0] if len({row.service for row in rows}) == 1 else None)

    def _rows_of(self, group: str) -> tuple[list[Row], list[int]]:
        if group not in self._of_group:
            rows = [
                row for key in self._groups.get(group, ()) for row in self._by_head[key]
            ] or self._by_service.get(_service_of(group, self._by_service), [])
            rows.sort(key=lambda one: one.begin_us)
            self._of_group[group] = rows, [row.begin_us for row in rows]
        return self._of_group[group]


def _service_of(group: str, services: Iterable[str]) -> str:
    """The service whose name a group ends with, as groups are called by custom."""
    last = group.rstrip("/").rsplit("/", 1)[-1].lower()
    return next(
        (
            name
            for name in services
            if name and last in (name.lower(), f"{name.lower()}-logs")
        ),
        "",
    )
