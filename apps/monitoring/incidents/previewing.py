"""What a rule would have made of the last hours: the same core, over what is stored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.discovery.accounts import Viewer
from apps.discovery.alerthooks import ConditionUnavailable, Periods, Question, Reading
from apps.monitoring.incidents import asking
from apps.monitoring.incidents.deciding import Change, Kept, Policy, advance
from apps.monitoring.incidents.drawing import MOST_LINES, Figure, Line, Stretch, figure
from apps.monitoring.incidents.evaluating import scope_of, series_of
from apps.monitoring.incidents.wording import seconds_said
from apps.monitoring.models import AlertRule

_LEAST_SECONDS, _LEAST_PERIODS, _MOST_PERIODS = 3 * 3_600, 48, 400
_MOST_DRAWN = 150


@dataclass(frozen=True, slots=True)
class Preview:
    """`problem` says why there is nothing else."""

    problem: str = ""
    text: str = ""
    figure: Figure | None = None
    fired: int = 0
    things: tuple[tuple[str, int], ...] = ()


def preview(spec: Mapping[str, Any], viewer: Viewer, now: datetime) -> Preview:
    rule = AlertRule(**spec)
    asked = _question(rule, viewer, now)
    [answer] = asking.answers([(rule.kind, asked)])
    if isinstance(answer, ConditionUnavailable):
        return Preview(str(answer))
    length = seconds_said(asked.periods.seconds * asked.periods.count)
    if not answer:
        return Preview(f"Nothing of the kind was seen in the last {length}.")
    replayed = [_replayed(rule.policy, one, asked) for one in answer]
    fired = sum(len(one) for one in replayed)
    things = [
        (one.text or one.key or "all", len(some))
        for one, some in zip(answer, replayed, strict=True)
    ]
    times = "once" if fired == 1 else f"{fired} times"
    would = f"It would have fired {times}" if fired else "It would not have fired"
    return Preview(
        text=f"{would} in the last {length}.",
        figure=_figure(rule, answer, replayed, asked.periods),
        fired=fired,
        things=tuple(sorted(things, key=lambda pair: -pair[1])[:20]),
    )


def value_of(
    rule: AlertRule, key: str, span: tuple[datetime, datetime], now: datetime
) -> Line | None:
    """The value of one thing over a time; None where it cannot be had."""
    seconds = rule.period_seconds
    until = min(
        -(-int(span[1].timestamp()) // seconds) * seconds, _ceiling(now, seconds)
    )
    count = min((until - int(span[0].timestamp())) // seconds + 1, _MOST_DRAWN)
    periods = Periods(datetime.fromtimestamp(until, UTC), seconds, max(1, count))
    asked = Question(rule.parameters, periods, scope_of(rule), now, frozenset([key]))
    [answer] = asking.answers([(rule.kind, asked)])
    if isinstance(answer, ConditionUnavailable):
        return None
    found = next((one for one in answer if one.key == key), None)
    if found is None:
        return None
    first = int(periods.since.timestamp()) + seconds
    return Line(found.text or key or rule.name, first, seconds, found.values)


def _ceiling(now: datetime, seconds: int) -> int:
    return -(-math.ceil(now.timestamp()) // seconds) * seconds


def _question(rule: AlertRule, viewer: Viewer, now: datetime) -> Question:
    seconds = rule.period_seconds
    count = max(_LEAST_PERIODS, -(-_LEAST_SECONDS // seconds), rule.policy.looks_at)
    until = math.ceil(now.timestamp()) // seconds * seconds
    periods = Periods(
        datetime.fromtimestamp(until, UTC), seconds, min(count, _MOST_PERIODS)
    )
    return Question(
        rule.parameters, periods, scope_of(rule, viewer.visible_accounts()), now
    )


def _replayed(policy: Policy, reading: Reading, asked: Question) -> list[Stretch]:
    """When it would have fired."""
    series = series_of(reading, asked.periods, asked.now)
    begin = series.start + (policy.looks_at - 1) * series.period_seconds
    found = advance(policy, Kept.new(begin), series)
    stretches: list[Stretch] = []
    for one in found.evaluations:
        if one.change is Change.FIRED:
            stretches.append(Stretch(one.until, series.end_of(len(series.values) - 1)))
        elif one.change is Change.RESOLVED:
            stretches.append(Stretch(stretches.pop().since, one.until))
    return stretches


def _figure(
    rule: AlertRule,
    answer: Sequence[Reading],
    replayed: Sequence[Sequence[Stretch]],
    periods: Periods,
) -> Figure:
    """Those that fired most, and when any of them did."""
    order = sorted(
        range(len(answer)), key=lambda at: (-len(replayed[at]), answer[at].key)
    )[:MOST_LINES]
    first = int(periods.since.timestamp()) + periods.seconds
    lines = [
        Line(
            answer[at].text or answer[at].key, first, periods.seconds, answer[at].values
        )
        for at in order
    ]
    unit = asking.unit_of(rule.kind, rule.parameters)
    firing = [one for at in order for one in replayed[at]]
    return figure(lines, rule.threshold, unit, firing, height=220)
