"""What an alarm makes of the newest points that are stored, and why. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.monitoring.alarms.decisions import (
    COMPARISONS,
    EXTRA_PERIODS,
    RETAIN,
    TREATMENTS,
    Breach,
    Judged,
    judge,
)
from apps.monitoring.alarms.watched import NotShown
from apps.monitoring.metrics.lines import Interval

_SAID = {
    "ALARM": "in alarm",
    "OK": "OK",
    "INSUFFICIENT_DATA": "insufficient data",
    RETAIN: "as it was",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`needed` of `periods` points must breach; `period` in seconds."""

    threshold: float
    comparison: str
    periods: int
    needed: int
    period: int
    treatment: str

    @classmethod
    def of(cls, settings: Mapping[str, Any], period: int) -> Rule:
        """Raises NotShown where the settings name no fixed threshold."""
        comparison = str(settings.get("ComparisonOperator"))
        threshold, periods = (
            settings.get("Threshold"),
            settings.get("EvaluationPeriods"),
        )
        if comparison not in COMPARISONS or threshold is None or not periods:
            raise NotShown("it has no threshold that points could be held against")
        treatment = settings.get("TreatMissingData") or "missing"
        return cls(
            float(threshold),
            comparison,
            int(periods),
            int(settings.get("DatapointsToAlarm") or periods),
            period,
            # Whatever is set: AWS keeps the state for metrics of DynamoDB.
            "ignore" if settings.get("Namespace") == "AWS/DynamoDB" else treatment,
        )

    @property
    def looks_at(self) -> int:
        """Points that are looked at: missing ones make AWS look further back."""
        return self.periods + EXTRA_PERIODS

    def breaches(self, value: float) -> Breach:
        if math.isnan(value):
            return None
        return COMPARISONS[self.comparison](value, self.threshold)


@dataclass(frozen=True, slots=True)
class Point:
    """A period of the alarm. `value` is NaN where CloudWatch had nothing; `counts`:
    whether it is one of the points that decide."""

    at: datetime
    value: float
    breach: Breach
    counts: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state by one way to treat missing points."""

    treatment: str
    state: str
    said: str
    is_its_own: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """`points`: newest first. `outcomes`: empty where no point is missing, for then
    there is nothing to treat."""

    points: tuple[Point, ...]
    state: str
    why: str
    outcomes: tuple[Outcome, ...]


def newest_read(rule: Rule, covered: Sequence[Interval], now: int) -> Interval:
    """The newest periods that were read whole, as many as are looked at. Raises
    NotShown where something of them was not read: it may be missing, or not."""
    read = max(covered, key=lambda one: one.until, default=None)
    if read is None:
        raise NotShown("its metric has not been collected yet")
    until = min(read.until, now) // rule.period * rule.period
    since = until - rule.looks_at * rule.period
    if since < read.since:
        raise NotShown("its newest points have not all been collected yet")
    return Interval(since, until)


def decide(
    rule: Rule, values: Sequence[float], times: Sequence[int], state: str
) -> Decision:
    """What the points come to. `values`: of `rule.looks_at` periods, oldest first, NaN
    for missing. `times`: when they began. `state`: what CloudWatch says it is."""
    breaches = [rule.breaches(value) for value in values]
    judged = {one: _judged(rule, breaches, one) for one in TREATMENTS}
    own = judged.get(rule.treatment, judged["missing"])
    counting = _counting(breaches, rule.periods)
    points = tuple(
        Point(datetime.fromtimestamp(at, UTC), value, breach, at_ in counting)
        for at_, (at, value, breach) in enumerate(
            zip(times, values, breaches, strict=True)
        )
    )
    became = state if own.state == RETAIN else own.state
    return Decision(
        points[::-1],
        became,
        _why(rule, breaches, own),
        tuple(
            Outcome(name, one.state, _SAID[one.state], name == rule.treatment)
            for name, one in judged.items()
            if own.filled
        ),
    )


def _judged(rule: Rule, breaches: Sequence[Breach], treatment: str) -> Judged:
    return judge(breaches, rule.periods, rule.needed, treatment)


def _counting(breaches: Sequence[Breach], periods: int) -> frozenset[int]:
    """The newest points that are known, as many as are evaluated."""
    known = [at for at, breach in enumerate(breaches) if breach is not None]
    return frozenset(known[-periods:])


def _why(rule: Rule, breaches: Sequence[Breach], own: Judged) -> str:
    known = [breach for breach in breaches if breach is not None][-rule.periods :]
    said = f"{known.count(True)} of the newest {len(known)} points breach"
    if not known:
        said = f"None of the newest {len(breaches)} points is there"
    said += f", {rule.needed} of {rule.periods} must"
    if own.filled:
        missing = (
            "1 is missing and" if own.filled == 1 else f"{own.filled} are missing and"
        )
        said += f"; {missing} treated as {rule.treatment}"
    return f"{said}: {_SAID[own.state]}."
