"""A rule over what is stored, before it watches: a row with progress, in portions.

The same core decides as when a rule watches; a worker that dies is followed by one
that goes on from the last portion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from apps.discovery.alerthooks import ConditionUnavailable, Periods, Question, Reading
from apps.discovery.leases import Lease, LeaseLost
from apps.discovery.models import User
from apps.monitoring.incidents import asking, opening
from apps.monitoring.incidents.deciding import COMPARISONS, Change, Kept, Value, advance
from apps.monitoring.incidents.evaluating import scope_of, series_of
from apps.monitoring.incidents.rules import SPEC
from apps.monitoring.models import AlertRule, Backtest, RuleState

State = Backtest.State
LONGEST = timedelta(days=31)
_PORTION = 360
_POINTS = 600
_MOST_THINGS = 200


class CannotBacktest(Exception):
    """Why this cannot be tried, in words."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What came of one thing: stretches that it fired, [since, until], until null
    where it still did; and its values, one for so many periods each."""

    text: str
    incident_key: str
    fired: list[list[int | None]]
    values: list[Value]


def request(
    rule: AlertRule, span: tuple[datetime, datetime], by: User, now: datetime
) -> Backtest:
    """Raises CannotBacktest."""
    since, until = span[0], min(span[1], now)
    if until - since > LONGEST:
        raise CannotBacktest(f"{LONGEST.days} days at most.")
    if until - since < timedelta(seconds=rule.period_seconds):
        raise CannotBacktest("That is shorter than one period of the rule.")
    visible = by.visible_accounts()
    return Backtest.objects.create(
        spec={name: getattr(rule, name) for name in SPEC},
        name=rule.name,
        account=rule.account,
        rule=rule if rule.pk else None,
        requested_by=by,
        visible=None if visible is None else sorted(visible),
        requested_at=now,
        since=_aligned(since, rule.period_seconds),
        until=_aligned(until, rule.period_seconds),
    )


def cancel(row: Backtest, now: datetime) -> None:
    running = Backtest.objects.filter(
        pk=row.pk, state__in=[State.REQUESTED, State.RUNNING]
    )
    running.update(state=State.CANCELLED, ended_at=now)


def waiting(now: datetime) -> list[int]:
    """Those that nobody works on."""
    rows = Backtest.objects.filter(
        Q(claimed_until=None) | Q(claimed_until__lt=now),
        state__in=[State.REQUESTED, State.RUNNING],
    )
    return list(rows.order_by("requested_at").values_list("pk", flat=True))


def run(backtest_id: int, clock: Callable[[], datetime]) -> None:
    """Work on it until it is done, cancelled, or somebody else does."""
    row = Backtest.objects.filter(pk=backtest_id).first()
    lease = Lease.take(row, "claimed_until", clock()) if row else None
    if lease is None:
        return
    try:
        while lease.row.state in (State.REQUESTED, State.RUNNING):
            lease.keep(clock())
            _portion(lease, clock())
            lease.row.refresh_from_db()
    except LeaseLost:
        return
    lease.give_back()


def _portion(lease: Lease[Backtest], now: datetime) -> None:
    row = lease.row
    rule = AlertRule(**row.spec)
    seconds = rule.period_seconds
    begin = row.reached or row.since
    end = min(begin + timedelta(seconds=seconds * _PORTION), row.until)
    count = int((end - begin).total_seconds()) // seconds + rule.policy.looks_at
    visible = None if row.visible is None else frozenset(row.visible)
    things = {key: Thing(**one) for key, one in row.result.items()}
    kept = {key: Kept(**one) for key, one in row.carried.items()}
    asked = Question(
        rule.parameters,
        Periods(end, seconds, count),
        scope_of(rule, visible),
        now,
        frozenset(kept),
    )
    [answer] = asking.answers([(rule.kind, asked)])
    problem = row.problem
    if isinstance(answer, ConditionUnavailable):
        problem = problem or str(answer)
    else:
        _follow(row, rule, (asked, answer[:_MOST_THINGS]), (things, kept))
    is_done = end >= row.until
    _change(
        lease,
        state=_state(things, is_done=is_done),
        problem=problem,
        reached=end,
        result={key: asdict(one) for key, one in things.items()},
        carried={} if is_done else {key: asdict(one) for key, one in kept.items()},
        ended_at=now if is_done else None,
    )


def _state(things: Mapping[str, Thing], *, is_done: bool) -> State:
    """It failed where none of the time could be read; a part of it stands as a
    problem beside the rest."""
    if not is_done:
        return State.RUNNING
    return State.DONE if things else State.FAILED


def _change(lease: Lease[Backtest], **fields: Any) -> None:
    """Unless it was cancelled meanwhile."""
    rows = Backtest.objects.filter(
        pk=lease.row.pk,
        claimed_until=lease.row.claimed_until,
        state__in=[State.REQUESTED, State.RUNNING],
    )
    rows.update(**fields)


def _follow(
    row: Backtest,
    rule: AlertRule,
    told: tuple[Question, Sequence[Reading]],
    so_far: tuple[dict[str, Thing], dict[str, Kept]],
) -> None:
    asked, answer = told
    things, kept = so_far
    begin = int(asked.periods.since.timestamp())
    begin += rule.policy.looks_at * rule.period_seconds
    for reading in answer:
        series = series_of(reading, asked.periods, asked.now)
        before = kept.get(reading.key) or Kept.new(begin)
        outcome = advance(rule.policy, before, series)
        kept[reading.key] = outcome.kept
        thing = things.get(reading.key) or _begun(row, rule, reading, begin)
        things[reading.key] = thing
        for one in outcome.evaluations:
            if one.change is Change.FIRED:
                thing.fired.append([one.until, None])
            elif one.change is Change.RESOLVED and thing.fired:
                thing.fired[-1][1] = one.until
        values = series.values[rule.policy.looks_at :]
        _note(row, rule, thing, (begin, values))


def _begun(row: Backtest, rule: AlertRule, reading: Reading, begin: int) -> Thing:
    state = RuleState(
        rule=rule,
        key=reading.key,
        text=reading.text,
        account=reading.account,
        region=reading.region,
        labels=dict(reading.labels),
    )
    key = opening.key_of(rule, opening.labels_of(rule, state))
    points = -(-_periods(row, rule) // stride_of(row))
    return Thing(reading.text or reading.key, key, [], [None] * points)


def stride_of(row: Backtest) -> int:
    """How many periods are one point of what is kept for the chart."""
    seconds = int(row.spec["period_seconds"])
    periods = int((row.until - row.since).total_seconds()) // seconds
    return max(1, -(-periods // _POINTS))


def _periods(row: Backtest, rule: AlertRule) -> int:
    return int((row.until - row.since).total_seconds()) // rule.period_seconds


def _note(
    row: Backtest, rule: AlertRule, thing: Thing, values: tuple[int, Sequence[Value]]
) -> None:
    """Of the periods of a point, the value that is nearest to firing."""
    begin, some = values
    first = (begin - int(row.since.timestamp())) // rule.period_seconds
    worse = max if COMPARISONS[rule.comparison].is_upward else min
    for at, value in enumerate(some, first):
        if value is None or not math.isfinite(value):
            continue
        place = at // stride_of(row)
        if place < len(thing.values):
            there = thing.values[place]
            thing.values[place] = value if there is None else worse(there, value)


def incidents_of(things: Iterable[Mapping[str, Any]], until: int) -> int:
    """How many incidents there would have been: stretches of one key that overlap are
    one."""
    by_key: dict[str, list[tuple[int, int]]] = {}
    for one in things:
        for since, ended in one["fired"]:
            by_key.setdefault(one["incident_key"], []).append((since, ended or until))
    count = 0
    for stretches in by_key.values():
        reached = -1
        for since, ended in sorted(stretches):
            count += since > reached
            reached = max(reached, ended)
    return count


def _aligned(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
