"""The state an alarm's points put it in, with AWS's rules for missing ones.

Source: Configuring how CloudWatch alarms treat missing data, CloudWatch user guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """How missing points are treated."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True)
class Rule:
    """`needed` of the last `periods` points must breach."""

    periods: int
    needed: int
    missing: Missing


MORE_PERIODS = 2
"""How many periods more than it evaluates an alarm looks back.

AWS does not say how many; its examples look at five for three.
"""


def points_to_fill(breaches: Sequence[bool | None], rule: Rule) -> int:
    """How many points are missing that the rule needs."""
    real = sum(breach is not None for breach in breaches)
    return max(rule.periods - real, 0)


def decide(breaches: Sequence[bool | None], rule: Rule) -> State | None:
    """The state, or None where it stays as it was.

    `breaches` is the evaluation range, oldest first; None is a missing point.
    """
    real = [breach for breach in breaches if breach is not None][-rule.periods :]
    fill = points_to_fill(breaches, rule)
    if fill and rule.missing is Missing.BREACHING:
        real += [True] * fill
    if sum(real) >= rule.needed:
        return State.ALARM
    if not fill or rule.missing in {Missing.BREACHING, Missing.NOT_BREACHING}:
        return State.OK
    if not all(real):
        # A point within the threshold is there: it decides.
        return State.OK
    if rule.missing is Missing.IGNORE:
        return None
    is_old = bool(real) and _age_of_oldest(breaches) >= rule.needed
    return State.ALARM if is_old else State.INSUFFICIENT_DATA


def _age_of_oldest(breaches: Sequence[bool | None]) -> int:
    """How many periods ago the oldest breaching point is; 1 for the last period.

    Nothing but missing points after an old breach makes an alarm go off early.
    """
    return len(breaches) - breaches.index(True)
