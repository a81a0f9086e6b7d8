"""Which services talk more than they need to, and what time that costs.

Estimates are sums anybody can repeat: of what calls took together (counting time during
which several went on once) what remains is the longest of them. That is what one call,
one batch, or all of them at once would take, if nothing else changed.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.tracing.reports.requests import Call, Visit, covered_us, groups, visits_of
from apps.tracing.spans.span import ServiceKey, Span

FEWEST_REPEATED = 3
"""Two of the same may be chance."""
_LEAST_SAVED_US = 1_000
_LEAST_SHARE = 0.02
_EXAMPLES = 3


class Habit(StrEnum):
    """What could be done otherwise."""

    REPEATED = "repeated"  # the same call again, letter by letter
    ONE_BY_ONE = "one-by-one"  # calls of one shape, which one batch could be
    IN_TURN = "in-turn"  # one call after the other, to different things
    EMPTY = "empty"  # round trips that bring nothing back


@dataclass(frozen=True, slots=True, order=True)
class Example:
    """One request: `calls` took `covered_us` together, of which `longest_us` remain.
    `span_id` is the first of the calls, `request_us` what the request took."""

    saved_us: int
    trace_id: str
    span_id: str
    calls: int
    covered_us: int
    longest_us: int
    request_us: int


@dataclass(slots=True)
class Finding:
    """A habit of one service towards another. `asked` is what the calls have in common;
    `requests` are those of the source that show it, among `all_requests`."""

    habit: Habit
    source: ServiceKey
    target: ServiceKey
    asked: str
    requests: int = 0
    all_requests: int = 0
    calls: int = 0
    most_calls: int = 0
    covered_us: int = 0
    longest_us: int = 0
    request_us: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def saved_us(self) -> int:
        """Of all requests together."""
        return self.covered_us - self.longest_us

    @property
    def saved_each_ms(self) -> float:
        """Of a request that shows the habit, on average."""
        return self.saved_us / self.requests / 1_000 if self.requests else 0.0

    @property
    def share_saved(self) -> float:
        """Of the time that these requests took, 0 to 1."""
        return self.saved_us / self.request_us if self.request_us else 0.0

    @property
    def calls_each(self) -> float:
        return self.calls / self.requests if self.requests else 0.0

    def add(self, example: Example) -> None:
        self.requests += 1
        self.calls += example.calls
        self.most_calls = max(self.most_calls, example.calls)
        self.covered_us += example.covered_us
        self.longest_us += example.longest_us
        self.request_us += example.request_us
        heapq.heappush(self.examples, example)
        if len(self.examples) > _EXAMPLES:
            heapq.heappop(self.examples)


@dataclass(slots=True)
class EdgeTalk:
    """How often one service calls another while it answers one request, over requests
    in which it does so at all."""

    source: ServiceKey
    target: ServiceKey
    requests: int = 0
    all_requests: int = 0
    calls: int = 0
    by_count: dict[int, int] = field(default_factory=dict)

    def percentile(self, fraction: float) -> int:
        """Calls that this fraction of the requests did not exceed."""
        rank = fraction * self.requests
        seen = 0
        for count in sorted(self.by_count):
            seen += self.by_count[count]
            if seen >= rank:
                return count
        return 0

    @property
    def calls_each(self) -> float:
        return self.calls / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Findings, those that would save most first; edges, the most talkative first."""

    findings: tuple[Finding, ...]
    edges: tuple[EdgeTalk, ...]
    traces: int
    spans: int
    requests: int


class Chattiness:
    """Takes traces one by one; `report` may be asked at any time."""

    def __init__(self) -> None:
        self._findings: dict[tuple[Habit, ServiceKey, ServiceKey, str], Finding] = {}
        self._edges: dict[tuple[ServiceKey, ServiceKey], EdgeTalk] = {}
        self._requests: defaultdict[ServiceKey, int] = defaultdict(int)
        self._traces = 0
        self._spans = 0

    def add(self, spans: Sequence[Span]) -> None:
        self._traces += 1
        self._spans += len(spans)
        for visit in visits_of(spans):
            self._requests[visit.span.service] += 1
            if visit.calls:
                self._talk(visit)
                self._judge(visit)

    def _talk(self, visit: Visit) -> None:
        counts: defaultdict[ServiceKey, int] = defaultdict(int)
        for call in visit.calls:
            counts[call.target] += 1
        source = visit.span.service
        for target, count in counts.items():
            edge = self._edges.get((source, target))
            if edge is None:
                edge = self._edges[source, target] = EdgeTalk(source, target)
            edge.requests += 1
            edge.calls += count
            edge.by_count[count] = edge.by_count.get(count, 0) + 1

    def _judge(self, visit: Visit) -> None:
        alone = []
        for (target, shape), calls in groups(visit.calls).items():
            if len(calls) >= FEWEST_REPEATED:
                self._note(_habit(calls), visit, target, (shape, calls))
            else:
                alone += calls
            empty = [call for call in calls if call.is_empty]
            if empty:
                self._note(Habit.EMPTY, visit, target, (shape, empty))
        for run in _in_turn(alone):
            asked = " → ".join(dict.fromkeys(call.target.name for call in run))
            self._note(Habit.IN_TURN, visit, run[0].target, (asked, run))

    def _note(
        self,
        habit: Habit,
        visit: Visit,
        target: ServiceKey,
        what: tuple[str, Sequence[Call]],
    ) -> None:
        asked, calls = what
        covered = covered_us(calls)
        longest = max(call.end_us - call.start_us for call in calls)
        kept = 0 if habit is Habit.EMPTY else longest
        request_us = visit.span.duration_us
        least = max(_LEAST_SAVED_US, _LEAST_SHARE * request_us)
        if habit is Habit.IN_TURN and covered - kept < least:
            return
        source = visit.span.service
        key = (habit, source, target, asked)
        finding = self._findings.get(key)
        if finding is None:
            finding = self._findings[key] = Finding(habit, source, target, asked)
        span = calls[0].span
        finding.add(
            Example(
                covered - kept,
                span.trace_id,
                span.id,
                len(calls),
                covered,
                kept,
                request_us,
            )
        )

    def report(self) -> Report:
        for finding in self._findings.values():
            finding.all_requests = self._requests[finding.source]
        for edge in self._edges.values():
            edge.all_requests = self._requests[edge.source]
        findings = sorted(self._findings.values(), key=lambda one: -one.saved_us)
        for finding in findings:
            finding.examples.sort(reverse=True)
        edges = sorted(self._edges.values(), key=lambda one: -one.calls_each)
        return Report(
            tuple(one for one in findings if one.saved_us > 0),
            tuple(edges),
            self._traces,
            self._spans,
            sum(self._requests.values()),
        )


def _habit(calls: Sequence[Call]) -> Habit:
    is_same = len({call.text for call in calls}) == 1
    return Habit.REPEATED if is_same and calls[0].is_whole else Habit.ONE_BY_ONE


def _in_turn(calls: Sequence[Call]) -> Iterable[list[Call]]:
    """Runs of calls of which each began when the one before had ended."""
    run: list[Call] = []
    for call in sorted(calls, key=lambda one: one.start_us):
        if run and call.start_us < run[-1].end_us:
            if len(run) > 1:
                yield run
            run = []
        run.append(call)
    if len(run) > 1:
        yield run


def chattiness(traces: Iterable[Sequence[Span]]) -> Report:
    found = Chattiness()
    for spans in traces:
        found.add(spans)
    return found.report()
