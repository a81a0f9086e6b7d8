"""Rules and decisions in sentences. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from apps.monitoring.alarms.decisions import EXTRA_PERIODS
from apps.monitoring.charts.units import shown
from apps.monitoring.incidents.deciding import (
    COMPARISONS,
    Change,
    Decision,
    Evaluation,
    Missing,
    Policy,
    Value,
)

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_TAKEN = {
    Missing.MISSING: "without data",
    Missing.OK: "without data taken as fine",
    Missing.BREACHING: "without data taken as breaching",
    Missing.KEEP: "without data left out",
}
_SAID = {
    Decision.BREACHING: "over the threshold",
    Decision.FINE: "fine",
    Decision.NO_DATA: "without data",
    Decision.KEPT: "as it was",
    Decision.UNKNOWN: "not known",
}


def seconds_said(seconds: int) -> str:
    """90 is `90 seconds`, 300 is `5 minutes`."""
    for size, word in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {word}s" if count > 1 else f"1 {word}"
    return f"{seconds} seconds"


def value_said(value: Value, unit: str) -> str:
    if value is None:
        return "no data"
    if math.isnan(value):
        return "not collected"
    return shown(value, unit)


def condition_said(policy: Policy, unit: str) -> str:
    """`above 5 in 3 of 5 periods of 1 minute; resolved after 10 minutes`."""
    limit = f"{COMPARISONS[policy.comparison].words} {shown(policy.threshold, unit)}"
    period = seconds_said(policy.period_seconds)
    if policy.periods == 1:
        said = f"{limit} in a period of {period}"
    else:
        said = f"{limit} in {policy.needed} of {policy.periods} periods of {period}"
    if policy.hold_seconds:
        said += f"; resolved once fine for {seconds_said(policy.hold_seconds)}"
    return said


def decision_said(decision: Decision) -> str:
    return _SAID[decision]


def why(policy: Policy, found: Evaluation, unit: str) -> str:
    """Why an evaluation came out as it did, with what was counted."""
    newest = found.window[-policy.periods :]
    if found.decision is Decision.UNKNOWN:
        told = sum(1 for one in newest if one is not None and math.isnan(one))
        return (
            f"{told} of the newest {policy.periods} periods were not collected: "
            "nothing fires or is resolved by what is not known."
        )
    if policy.periods == 1 and policy.breaches(newest[0]) is not None:
        return f"{_alone(policy, newest[0], unit)}.{_consequence(policy, found)}"
    said = _counted(policy, found) + _limit(policy, unit)
    return f"{said}: {_SAID[found.decision]}.{_consequence(policy, found)}"


def _alone(policy: Policy, value: Value, unit: str) -> str:
    """`9 is above 5`: where one value decides."""
    words = COMPARISONS[policy.comparison].words
    if not policy.breaches(value):
        words = words.replace("is", "is not", 1)
    return f"{value_said(value, unit)} {words} {shown(policy.threshold, unit)}"


def _counted(policy: Policy, found: Evaluation) -> str:
    breaches = [policy.breaches(value) for value in found.window]
    known = [one for one in breaches if one is not None][-policy.periods :]
    missing = policy.periods - len(known)
    if not known:
        looked_at = policy.periods + EXTRA_PERIODS
        said = f"None of the newest {looked_at} periods has data"
    else:
        plural = "s" if len(known) > 1 else ""
        said = f"{known.count(True)} of the newest {len(known)} value{plural} breach"
        said += "" if known.count(True) != 1 else "es"
    if missing > 0 and known:
        said += f", {missing} {_TAKEN[Missing(policy.missing)]}"
    return said


def _limit(policy: Policy, unit: str) -> str:
    sign = COMPARISONS[policy.comparison].sign
    return (
        f" ({sign} {shown(policy.threshold, unit)}), "
        f"{policy.needed} of {policy.periods} must"
    )


def _consequence(policy: Policy, found: Evaluation) -> str:
    if found.change is Change.FIRED:
        early = " before the period is over: it can only grow" if found.early else ""
        return f" It fires{early}."
    if found.change is Change.RESOLVED:
        return " It is resolved."
    if not found.is_firing:
        return ""
    if found.decision is Decision.FINE and policy.hold_seconds:
        held = seconds_said(policy.hold_seconds)
        return f" It goes on: it has to be fine for {held}."
    return " It goes on."


def facts(policy: Policy, unit: str, value: Value) -> Mapping[str, str]:
    """What notices and pages tell beside the title."""
    return {
        "Value": value_said(value, unit),
        "Fires when it": condition_said(policy, unit),
    }
