"""What AWS's rules for missing points make of the last points of an alarm. Pure.

Not the alarm's state: that is AWS's alone to tell, for it sees points that come late
and looks further back than it says. It answers what the state would be if missing
points were treated otherwise. Source: Configuring how CloudWatch alarms treat missing
data, CloudWatch user guide.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
RETAIN = "RETAIN"
# AWS looks back further than it evaluates; its examples look at five for three.
EXTRA_PERIODS = 2

Breach = bool | None

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """`state` is OK, ALARM, INSUFFICIENT_DATA, or RETAIN: it stays as it was.
    `filled`: how many points had to be made up."""

    state: str
    filled: int


def judge(
    breaches: Sequence[Breach], periods: int, needed: int, treatment: str
) -> Judged:
    """The state of an alarm that needs `needed` of `periods` points to breach.

    `breaches` are the points of the evaluation range, oldest first: None is a
    missing one.
    """
    known = [breach for breach in breaches if breach is not None][-periods:]
    filled = periods - len(known)
    made_up = filled if treatment == "breaching" else 0
    if known.count(True) + made_up >= needed:
        return Judged("ALARM", filled)
    if not filled or treatment in ("breaching", "notBreaching") or False in known:
        return Judged("OK", filled)
    if treatment == "ignore":
        return Judged(RETAIN, filled)
    # Nothing but an old breach and silence since: AWS calls that an alarm early.
    is_old_breach = True in breaches[: len(breaches) - needed + 1]
    return Judged("ALARM" if is_old_breach else "INSUFFICIENT_DATA", filled)
