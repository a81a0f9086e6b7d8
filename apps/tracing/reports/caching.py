"""Which calls a cache could have answered.

A call is a candidate where it reads, and where the same was asked before. Each
candidate is replayed: a cache that keeps an answer for so long would have answered
every call that came within that time of one it had let through.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.tracing.reports.requests import Call, visits_of
from apps.tracing.spans.span import ServiceKey, Span

KEEPING_SECONDS = (10, 60, 600)
"""The times for which a cache could keep an answer."""
_FEWEST_CALLS = 10
_LEAST_SHARE = 0.1
_EXAMPLES = 3
_READS = re.compile(
    r"(?:GET|HEAD|SELECT|GetItem|BatchGetItem|Query|Scan|GetObject|HeadObject|Get\w*"
    r"|Describe\w*|List\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Reads of one kind. `hits[n]` are those that a cache would have answered that
    keeps answers for `KEEPING_SECONDS[n]`, `saved_us[n]` what they took. Where spans
    do not tell all that was asked, calls for different things look the same:
    `is_upper_bound`."""

    source: ServiceKey
    target: ServiceKey
    asked: str
    calls: int
    distinct: int
    total_us: int
    hits: tuple[int, ...]
    saved_us: tuple[int, ...]
    examples: tuple[tuple[str, str], ...]
    """Trace and span ids."""
    is_upper_bound: bool

    def hit_rate(self, choice: int) -> float:
        return self.hits[choice] / self.calls

    @property
    def mean_ms(self) -> float:
        return self.total_us / self.calls / 1_000


def candidates(traces: Iterable[Sequence[Span]]) -> list[Candidate]:
    """What is worth a cache, what it would save with the middle time first."""
    found: defaultdict[tuple[ServiceKey, ServiceKey, str], list[Call]] = defaultdict(
        list
    )
    for spans in traces:
        for visit in visits_of(spans):
            for call in visit.calls:
                if is_read(call) and not call.span.outcome:
                    key = (visit.span.service, call.target, call.shape)
                    found[key].append(call)
    judged = (_candidate(*key, calls) for key, calls in found.items())
    middle = len(KEEPING_SECONDS) // 2
    good = [one for one in judged if one is not None]
    return sorted(good, key=lambda one: -one.saved_us[middle])


def is_read(call: Call) -> bool:
    """Whether a call changes nothing, as far as its name tells."""
    return _READS.match(call.shape) is not None


def _candidate(
    source: ServiceKey, target: ServiceKey, asked: str, calls: Sequence[Call]
) -> Candidate | None:
    if len(calls) < _FEWEST_CALLS:
        return None
    in_order = sorted(calls, key=lambda call: call.start_us)
    replayed = [_replay(in_order, seconds) for seconds in KEEPING_SECONDS]
    if max(len(hits) for hits in replayed) < _LEAST_SHARE * len(calls):
        return None
    longest = sorted(replayed[-1], key=lambda call: -call.span.duration_us)
    return Candidate(
        source,
        target,
        asked,
        len(calls),
        len({call.text for call in calls}),
        sum(call.span.duration_us for call in calls),
        tuple(len(hits) for hits in replayed),
        tuple(sum(call.span.duration_us for call in hits) for hits in replayed),
        tuple((call.span.trace_id, call.span.id) for call in longest[:_EXAMPLES]),
        not all(call.is_whole for call in calls),
    )


def _replay(calls: Sequence[Call], seconds: int) -> list[Call]:
    """The calls that a cache would have answered."""
    let_through: dict[str, int] = {}
    hits = []
    for call in calls:
        kept_since = let_through.get(call.text)
        if kept_since is not None and call.start_us - kept_since < seconds * 1_000_000:
            hits.append(call)
        else:
            let_through[call.text] = call.end_us
    return hits
