"""What tells the traces of one side from the rest, counted over their spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from apps.tracing.spans.span import Outcome, Span
from apps.tracing.traces import rootcauses
from apps.tracing.traces.breakdown import Breakdown, Counting
from apps.tracing.traces.distribution import percentile
from apps.tracing.traces.durations import shown
from apps.tracing.traces.listing import ListedTrace, Question, answer, with_spans
from apps.tracing.traces.questions import Versus
from apps.tracing.traces.tracetree import with_inferred

MOST_OF_A_SIDE = 1_500
_MOST_CAUSES = 8
_SLOW = 0.95


@dataclass(frozen=True, slots=True)
class GuiltyPath:
    """A root cause that some of the traces share. `expression` finds them."""

    steps: tuple[str, ...]
    what: str
    count: int
    share: float
    expression: str


@dataclass(frozen=True, slots=True)
class Compared:
    """`said` names the side that is looked at; `sampled` how many traces of each side
    there are where not all were counted, newest first."""

    versus: Versus
    said: str
    breakdown: Breakdown
    causes: tuple[GuiltyPath, ...]
    of_causes: int
    sampled: tuple[int, int] | None


def compared(question: Question) -> Compared:
    """Raises EngineUnavailable, InvalidTraceQuestion, QueryTooBroad."""
    found = answer(question).traces
    versus = question.asked.versus_shown
    chosen, rest, said = _sides(question, found, versus)
    counting = Counting()
    paths: Counter[_Path] = Counter()
    blamed = 0
    for is_selected, side in ((True, chosen), (False, rest)):
        for _, spans in with_spans(side[:MOST_OF_A_SIDE], question.scope):
            if not spans:
                continue
            counting.add(spans, is_selected=is_selected)
            if is_selected:
                mine = set(_paths(spans, versus))
                paths.update(mine)
                blamed += bool(mine)
    is_sampled = max(len(chosen), len(rest)) > MOST_OF_A_SIDE
    return Compared(
        versus,
        said,
        counting.breakdown(),
        tuple(
            _guilty(path, count, blamed)
            for path, count in paths.most_common(_MOST_CAUSES)
        ),
        blamed,
        (len(chosen), len(rest)) if is_sampled else None,
    )


def _sides(
    question: Question, found: Sequence[ListedTrace], versus: Versus
) -> tuple[list[ListedTrace], list[ListedTrace], str]:
    lower, upper = question.asked.bounds()
    if versus is Versus.FAILED:
        said = "those that failed"
        among = [one for one in found if lower <= one.response_ms <= upper]
        flags = [one.has_failure for one in among]
    elif versus is Versus.BRUSHED:
        said = "those brushed"
        among = list(found)
        flags = [lower <= one.response_ms <= upper for one in among]
    else:
        among = [one for one in found if lower <= one.response_ms <= upper]
        times = sorted(one.response_ms for one in among)
        limit = percentile(times, _SLOW) if times else 0.0
        said = f"the slowest 5 %, {shown(limit)} and longer"
        flags = [one.response_ms >= limit for one in among]
    chosen = [one for one, is_in in zip(among, flags, strict=True) if is_in]
    rest = [one for one, is_in in zip(among, flags, strict=True) if not is_in]
    return chosen, rest, said


_Path = tuple[str, tuple[tuple[str, tuple[str, ...]], ...], str]
"""The kind of a root cause, its services and entities by name, and what was thrown."""


def _paths(spans: Sequence[Span], versus: Versus) -> list[_Path]:
    tree = with_inferred(spans)
    found: list[_Path] = []
    if versus is not Versus.FAILED:
        slow = rootcauses.slowness(tree)
        if slow is not None:
            found.append(("responsetime", slow.names, ""))
        return found
    for kind, outcome in (("fault", Outcome.FAULT), ("error", Outcome.ERROR)):
        for cause in rootcauses.failures(tree, outcome):
            thrown = next((one.type for one in cause.guilty.exceptions), "")
            found.append((kind, cause.names, thrown))
    return found


def _guilty(path: _Path, count: int, of: int) -> GuiltyPath:
    kind, names, thrown = path
    services = [
        {"Name": service, "EntityPath": [{"Name": name} for name in entities]}
        for service, entities in names
    ]
    steps = tuple(
        service if entities[-1] == service else f"{service}: {entities[-1]}"
        for service, entities in names
    )
    what = thrown or {"fault": "fault", "error": "error"}.get(kind, "")
    text = orjson.dumps([{"Services": services}]).decode()
    return GuiltyPath(steps, what, count, count / of, f"rootcause.json = #{text}")
