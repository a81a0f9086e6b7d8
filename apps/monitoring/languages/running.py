"""Answers a question in one of the languages from the stored lines, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from apps.monitoring.languages import filterpatterns, insights
from apps.monitoring.languages.insights import Answer, Plan
from apps.monitoring.languages.insights.lines import frame_of
from apps.monitoring.languages.matching import matching
from apps.search import language as trailmap
from apps.search.engines.base import (
    DocumentReader,
    Page,
    SearchRequest,
    SortOrder,
)
from apps.search.engines.columns import Block, Mask, block_of
from apps.search.engines.scans import row_of
from apps.search.syntax import AnyOf, Equals, Node, all_of

GROUP = "@logGroup"
_SHOWN = "fields @timestamp, @logGroup, @message | limit {rows}"


class Language(StrEnum):
    TRAILMAP = "trailmap"
    PATTERN = "pattern"
    INSIGHTS = "insights"


@dataclass(frozen=True, slots=True)
class Question:
    """`request` says where and when; its query is replaced by this one. `groups`:
    log groups by name, any number; none for all. `rows`: how many lines a filter
    pattern or a Trailmap query gives at most."""

    language: Language
    query: str
    groups: tuple[str, ...]
    request: SearchRequest
    rows: int = insights.DEFAULT_ROWS


@dataclass(frozen=True, slots=True)
class Progress:
    """`scanned` of `total` lines were looked at, `matched` of them passed; `bytes` is
    their stored size."""

    scanned: int = 0
    total: int = 0
    matched: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @property
    def percent(self) -> float:
        return 100 * self.scanned / self.total if self.total else 100.0

    @property
    def lines_per_second(self) -> float:
        return self.scanned / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`partial` says what the answer leaves out; empty where it is whole. `plan` is
    None where the query is not of a language that we read."""

    answer: Answer
    plan: Plan | None
    progress: Progress
    partial: tuple[str, ...]


Clock = Callable[[], float]
"""Seconds that only ever go on."""


class Inquiry:
    """A question on its way; raises PatternError, QueryError, QuerySyntaxError."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._matcher: filterpatterns.Matcher | None = None
        self._node: Node | None = None
        written = _SHOWN.format(rows=question.rows)
        if question.language is Language.INSIGHTS:
            written = question.query
        elif question.language is Language.PATTERN:
            self._matcher = filterpatterns.compile(question.query)
        else:
            self._node = trailmap.parse(question.query)
        self.plan = insights.compile(written)
        self._run = self.plan.run()
        self.progress = Progress()
        self.outcome: Outcome | None = None

    def steps(
        self, reader: DocumentReader, clock: Clock, seconds: float
    ) -> Iterator[Progress]:
        """Progress after every block; `outcome` is there once they have ended.

        After `seconds` the answer is made of what was looked at so far, which are the
        newest lines. Whoever stops asking cancels. Raises EngineUnavailable.
        """
        begun, late = clock(), False
        total = reader.count(self._request()).value
        self.progress = Progress(total=total)
        yield self.progress
        for block in self._blocks(reader):
            if not self._run.needs(block.newest_ms):
                break
            self._feed(block, clock() - begun)
            yield self.progress
            late = clock() - begun > seconds and self.progress.scanned < total
            if late:
                break
        self.outcome = self._finished(late, seconds)

    def so_far(self) -> Outcome:
        """What the lines looked at until now answer; the steps can go on after it."""
        answer = self._run.so_far()
        told = f"Scanned {self.progress.percent:.0f} % so far, the newest lines first."
        return Outcome(answer, self.plan, self.progress, (*answer.cut, told))

    def _finished(self, late: bool, seconds: float) -> Outcome:  # noqa: FBT001 # of steps
        answer = self._run.finish()
        partial = list(answer.cut)
        if late:
            partial.append(
                f"Scanned {self.progress.percent:.0f} %, the newest lines first: the "
                f"time limit of {seconds:g} s was reached. Narrow the time range or "
                "choose log groups."
            )
        return Outcome(answer, self.plan, self.progress, tuple(partial))

    def _request(self) -> SearchRequest:
        """What engines may narrow by: the log groups, and our own language."""
        chosen: list[Node] = [Equals(GROUP, name) for name in self._question.groups]
        groups = AnyOf(tuple(chosen)) if len(chosen) > 1 else all_of(*chosen)
        node = groups if self._node is None else all_of(self._node, groups)
        asked = self._question.request
        return SearchRequest(
            asked.kind, asked.now, node, asked.range, asked.scope, None, asked.seconds
        )

    def _blocks(self, reader: DocumentReader) -> Iterator[Block]:
        if self._node is None:
            return reader.scan(self._request())
        return _found(reader, self._request(), self._question.rows)

    def _feed(self, block: Block, seconds: float) -> None:
        before, scanned = self.progress, block
        if self._node is None:
            block = _kept(block, self._in_groups(block))
            scanned = block
            if self._matcher is not None:
                lines = block.column("@message")
                block = _kept(block, matching(self._matcher, lines, len(block)))
        now_ms = int(self._question.request.now.timestamp() * 1_000)
        matched = self._run.feed(frame_of(block, now_ms)) if len(block) else 0
        self.progress = Progress(
            before.scanned + len(scanned),
            before.total,
            before.matched + matched,
            before.bytes + scanned.bytes,
            seconds,
        )

    def _in_groups(self, block: Block) -> Mask:
        if not self._question.groups:
            return np.ones(len(block), dtype=bool)
        column = block.column(GROUP)
        if column is None:
            return np.zeros(len(block), dtype=bool)
        codes, values = column.coded()
        wanted = frozenset(self._question.groups)
        return np.array([*(one in wanted for one in values), False], dtype=bool)[codes]


def _kept(block: Block, mask: Mask) -> Block:
    return block if mask.all() else block.take(np.flatnonzero(mask))


def _found(
    reader: DocumentReader, request: SearchRequest, rows: int
) -> Iterator[Block]:
    """Lines that our own language finds: the index answers, nothing is scanned."""
    after: str | None = None
    while rows > 0:
        page: Page = reader.find(request, min(rows, 1_000), SortOrder.NEWEST, after)
        if page.hits:
            yield block_of([row_of(hit) for hit in page.hits], request.kind.text_field)
        rows -= len(page.hits)
        after = page.next
        if after is None:
            return


def answered(
    question: Question, reader: DocumentReader, clock: Clock, seconds: float
) -> Outcome:
    """The answer, however long it takes up to the limit."""
    inquiry = Inquiry(question)
    for _ in inquiry.steps(reader, clock, seconds):
        pass
    if inquiry.outcome is None:
        raise AssertionError("steps that end leave an outcome")
    return inquiry.outcome


def chart_of(outcome: Outcome) -> tuple[list[float], Mapping[str, Sequence[object]]]:
    """Times and lines of `stats ... by bin(...)`; nothing where there is no bin."""
    answer, plan = outcome.answer, outcome.plan
    if plan is None:
        return [], {}
    times = [name for name in plan.groups if name in answer.times]
    if plan.bin is None or not times or times[0] not in answer.columns:
        return [], {}
    place = answer.columns.index(times[0])
    rows = [row for row in answer.rows if row[place] is not None]
    starts = sorted({float(str(row[place])) for row in rows})
    at = {start: number for number, start in enumerate(starts)}
    labels = [n for n, name in enumerate(answer.columns) if name in plan.groups]
    lines: dict[str, list[object]] = {}
    for row in rows:
        split = ", ".join(str(row[n]) for n in labels if n != place)
        for n, name in enumerate(answer.columns):
            if n not in labels and isinstance(row[n], int | float):
                line = f"{split}: {name}" if split else name
                values = lines.setdefault(line, [None] * len(starts))
                values[at[float(str(row[place]))]] = row[n]
    return starts, dict(list(lines.items())[:50])
