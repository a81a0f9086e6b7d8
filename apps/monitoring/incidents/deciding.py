"""What readings, and what was kept of those before, come to: the core of alerting.

Pure. The same readings in any portions give the same decisions, so a restart, a
backtest and the page that explains an incident all say the same.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from apps.discovery.alerthooks import Early
from apps.monitoring.alarms.decisions import EXTRA_PERIODS, RETAIN, judge

Value = float | None
"""None: nothing was there. NaN: nothing is known, for it was not collected."""


@dataclass(frozen=True, slots=True)
class Comparison:
    holds: Callable[[float, float], bool]
    sign: str
    words: str
    # Whether a value that breaches still does when it grows.
    is_upward: bool


COMPARISONS: Mapping[str, Comparison] = {
    "gt": Comparison(operator.gt, ">", "is above", is_upward=True),
    "ge": Comparison(operator.ge, "≥", "is at least", is_upward=True),
    "lt": Comparison(operator.lt, "<", "is below", is_upward=False),
    "le": Comparison(operator.le, "≤", "is at most", is_upward=False),
}


class Missing(StrEnum):
    """What a period without data counts as."""

    MISSING = "missing"
    OK = "ok"
    BREACHING = "breaching"
    KEEP = "keep"

    @property
    def words(self) -> str:
        return _MISSING_WORDS[self]


_MISSING_WORDS = {
    Missing.MISSING: "as unknown",
    Missing.OK: "as fine",
    Missing.BREACHING: "as over the threshold",
    Missing.KEEP: "as no news",
}
_AS_AWS = {
    Missing.MISSING: "missing",
    Missing.OK: "notBreaching",
    Missing.BREACHING: "breaching",
    Missing.KEEP: "ignore",
}


class Decision(StrEnum):
    """What a window of periods comes to."""

    BREACHING = "breaching"
    FINE = "fine"
    NO_DATA = "no_data"
    KEPT = "kept"
    UNKNOWN = "unknown"


_DECISIONS = {
    "ALARM": Decision.BREACHING,
    "OK": Decision.FINE,
    "INSUFFICIENT_DATA": Decision.NO_DATA,
    RETAIN: Decision.KEPT,
}


class Change(StrEnum):
    FIRED = "fired"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Policy:
    """`needed` of the newest `periods` must breach; a thing that fires is resolved
    once it was fine for `hold_seconds` on end."""

    comparison: str
    threshold: float
    needed: int
    periods: int
    missing: str
    hold_seconds: int
    period_seconds: int

    @property
    def looks_at(self) -> int:
        """Periods that are looked at: further back where some are missing."""
        return self.periods + EXTRA_PERIODS

    def breaches(self, value: Value) -> bool | None:
        """None for a period without data."""
        if value is None or math.isnan(value):
            return None
        return COMPARISONS[self.comparison].holds(value, self.threshold)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a thing between two evaluations. Times are seconds since 1970.

    `since`: when it began to fire, or stopped. `good_since`: when it began to be fine
    while it fires. `breached_until`: the end of the last period that breached, be it
    over or not. `judged_until`: the end of the last period that was judged.
    """

    is_firing: bool
    is_blind: bool
    since: int
    good_since: int | None
    breached_until: int
    judged_until: int

    @classmethod
    def new(cls, judged_until: int) -> Kept:
        """Of a thing that was never judged: what ends later will be."""
        return cls(
            is_firing=False,
            is_blind=True,
            since=judged_until,
            good_since=None,
            breached_until=0,
            judged_until=judged_until,
        )


@dataclass(frozen=True, slots=True)
class Series:
    """Values of periods one after the other, the first beginning at `start`. From
    index `late` on they may still change; `early` is how far they may be believed
    already: see Reading."""

    start: int
    period_seconds: int
    values: tuple[Value, ...]
    late: int
    early: Early = Early.NOT

    def end_of(self, at: int) -> int:
        return self.start + (at + 1) * self.period_seconds


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One decision: of the period that ends at `until`, by the `window` of values
    that were looked at, oldest first. `early`: the period was not over."""

    until: int
    window: tuple[Value, ...]
    decision: Decision
    is_firing: bool
    change: Change | None = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    kept: Kept
    evaluations: tuple[Evaluation, ...]


def advance(policy: Policy, kept: Kept, series: Series) -> Outcome:
    """Judge every period of the series that was not judged yet and will not change,
    then those that already breach, whatever comes."""
    found: list[Evaluation] = []
    for at in _settled(kept, series):
        kept, evaluation = _judged(policy, kept, series, at)
        found.append(evaluation)
    early = _early(policy, kept, series)
    if early is not None:
        kept, change = early
        found += [change] if change is not None else []
    return Outcome(kept, tuple(found))


def _settled(kept: Kept, series: Series) -> Iterator[int]:
    behind = (kept.judged_until - series.start) // series.period_seconds
    yield from range(max(0, behind), min(series.late, len(series.values)))


def _judged(
    policy: Policy, kept: Kept, series: Series, at: int
) -> tuple[Kept, Evaluation]:
    until = series.end_of(at)
    window = _window(policy, series, at)
    decision = decide(policy, window)
    after = _after(policy, replace(kept, judged_until=until), decision, until)
    change = _change(kept, after)
    return after, Evaluation(until, window, decision, after.is_firing, change)


def _window(policy: Policy, series: Series, at: int) -> tuple[Value, ...]:
    """What is before the series is missing."""
    first = at + 1 - policy.looks_at
    before: tuple[Value, ...] = (None,) * max(0, -first)
    return before + series.values[max(0, first) : at + 1]


def decide(policy: Policy, window: Sequence[Value]) -> Decision:
    """What a window comes to. What was not collected is not guessed at: only where
    it makes no difference is there a decision."""
    breaches = [policy.breaches(value) for value in window]
    newest = window[-policy.periods :]
    if any(value is not None and math.isnan(value) for value in newest):
        known = breaches[-policy.periods :]
        is_certain = known.count(True) >= policy.needed
        return Decision.BREACHING if is_certain else Decision.UNKNOWN
    judged = judge(
        breaches, policy.periods, policy.needed, _AS_AWS[Missing(policy.missing)]
    )
    return _DECISIONS[judged.state]


def _after(policy: Policy, kept: Kept, decision: Decision, until: int) -> Kept:
    """What is kept after a decision about the period that ends at `until`."""
    if decision is Decision.BREACHING:
        return _breached(kept, until, until)
    if decision is not Decision.FINE:
        # Neither fires nor resolves; and what is not seen to be fine is not.
        is_blind = decision is not Decision.KEPT
        return replace(kept, is_blind=is_blind, good_since=None)
    kept = replace(kept, is_blind=False)
    if not kept.is_firing or until <= kept.breached_until:
        return kept
    good_since = kept.good_since
    if good_since is None:
        good_since = until - policy.period_seconds
    if until - good_since < policy.hold_seconds:
        return replace(kept, good_since=good_since)
    return replace(kept, is_firing=False, since=until, good_since=None)


def _breached(kept: Kept, until: int, at: int) -> Kept:
    since = kept.since if kept.is_firing else at
    return replace(
        kept,
        is_firing=True,
        is_blind=False,
        since=since,
        good_since=None,
        breached_until=max(kept.breached_until, until),
    )


def _change(before: Kept, after: Kept) -> Change | None:
    if before.is_firing == after.is_firing:
        return None
    return Change.FIRED if after.is_firing else Change.RESOLVED


def _early(
    policy: Policy, kept: Kept, series: Series
) -> tuple[Kept, Evaluation | None] | None:
    """The first period that is not over and breaches already; None where none does."""
    is_upward = COMPARISONS[policy.comparison].is_upward
    if series.early is Early.NOT or (series.early is Early.UP and not is_upward):
        return None
    for at in range(max(0, series.late), len(series.values)):
        window = _window(policy, series, at)
        newest = [policy.breaches(value) for value in window[-policy.periods :]]
        if newest[-1] and newest.count(True) >= policy.needed:
            until = series.end_of(at)
            after = _breached(kept, until, until)
            change = _change(kept, after)
            told = Evaluation(
                until,
                window,
                Decision.BREACHING,
                is_firing=True,
                change=change,
                early=True,
            )
            return after, told if change else None
    return None
