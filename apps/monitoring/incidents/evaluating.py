"""Rules that are due: claimed, read together, decided, kept in one transaction.

A worker that dies anywhere leaves what was there before it began: the next one judges
the same periods, from the same state, and comes to the same. One that was merely slow
finds its claim gone, and writes nothing.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

from django.db.models import F, Q

from apps.discovery.alerthooks import ConditionUnavailable, Periods, Question, Reading
from apps.discovery.leases import LEASE
from apps.monitoring.incidents import asking, keeping
from apps.monitoring.incidents.deciding import Kept, Policy, Series, advance
from apps.monitoring.incidents.keeping import KEY_LENGTH, Judged, Result
from apps.monitoring.models import AlertRule, RuleState
from apps.search.engines.base import Scope

log = logging.getLogger(__name__)

_AT_ONCE = 200
# Kinds whose answers take long are stored as they come.
_PORTION = {"documents": 10}
# How far back is judged what was missed, and what is looked at when a rule begins.
_CATCHES_UP_SECONDS, _CATCHES_UP_PERIODS = 6 * 3_600, 60
_BEGINS_SECONDS = 1_800
OWN_ERROR = "Trailmap could not evaluate it, for an error of its own: see its log."


def evaluate_due(clock: Callable[[], datetime]) -> int:
    """Evaluate the rules that are due, some at a time; how many they were."""
    now, token = clock(), uuid.uuid4().hex
    rules = _claim(now, token)
    for portion in _portions(rules):
        try:
            results = evaluated(portion, clock())
        except Exception:
            log.exception("rules of a kind could not be evaluated")
            results = [Result(rule, problem=OWN_ERROR) for rule in portion]
        keeping.keep(results, token, clock())
    return len(rules)


def _claim(now: datetime, token: str) -> list[AlertRule]:
    due = AlertRule.objects.filter(
        Q(next_at=None) | Q(next_at__lte=now),
        Q(claimed_until=None) | Q(claimed_until__lt=now),
        is_enabled=True,
        deleted_at=None,
    )
    first = due.order_by(F("next_at").asc(nulls_first=True), "pk")
    chosen = list(first.values_list("pk", flat=True)[:_AT_ONCE])
    if not chosen:
        return []
    due.filter(pk__in=chosen).update(claimed_by=token, claimed_until=now + LEASE)
    return list(AlertRule.objects.filter(claimed_by=token).order_by("kind", "pk"))


def _portions(rules: Sequence[AlertRule]) -> list[list[AlertRule]]:
    found: list[list[AlertRule]] = []
    for kind, some in groupby(rules, key=lambda rule: rule.kind):
        of_kind, size = list(some), _PORTION.get(kind, _AT_ONCE)
        found += [of_kind[at : at + size] for at in range(0, len(of_kind), size)]
    return found


def evaluated(rules: Sequence[AlertRule], now: datetime) -> list[Result]:
    """What becomes of rules of one kind. Writes nothing."""
    states: dict[int, dict[str, RuleState]] = {rule.pk: {} for rule in rules}
    bases = {rule.pk: rule.basis for rule in rules}
    kept = RuleState.objects.filter(rule__in=list(states)).select_related("incident")
    for state in kept:
        if state.basis == bases[state.rule_id]:
            states[state.rule_id][state.key] = state
    questions = [_question(rule, states[rule.pk], now) for rule in rules]
    answers = asking.answers(
        [(rule.kind, asked) for rule, asked in zip(rules, questions, strict=True)]
    )
    return [
        _result(rule, states[rule.pk], asked, answer)
        for rule, asked, answer in zip(rules, questions, answers, strict=True)
    ]


def _question(rule: AlertRule, states: dict[str, RuleState], now: datetime) -> Question:
    return Question(
        rule.parameters,
        periods_of(rule, [one.judged_until for one in states.values()], now),
        scope_of(rule),
        now,
        frozenset(states),
    )


def scope_of(rule: AlertRule, visible: frozenset[str] | None = None) -> Scope:
    return Scope.chosen(
        visible, filter(None, [rule.account]), filter(None, [rule.region])
    )


def periods_of(rule: AlertRule, judged: Sequence[int], now: datetime) -> Periods:
    """All that was not judged yet, what is looked at before it, and the period that
    is not over."""
    seconds, policy = rule.period_seconds, rule.policy
    until = -(-math.ceil(now.timestamp()) // seconds) * seconds
    back = max(_CATCHES_UP_PERIODS * seconds, _CATCHES_UP_SECONDS)
    begins = until - max(2 * seconds, _BEGINS_SECONDS)
    oldest = max(min([*judged, rule.judged_until or begins]), until - back)
    oldest -= oldest % seconds
    count = (until - oldest) // seconds + policy.looks_at
    return Periods(datetime.fromtimestamp(until, UTC), seconds, count)


def _result(
    rule: AlertRule,
    states: dict[str, RuleState],
    asked: Question,
    answer: asking.Answer,
) -> Result:
    if isinstance(answer, ConditionUnavailable):
        return Result(rule, problem=str(answer))
    found = []
    for reading in {one.key[:KEY_LENGTH]: one for one in answer}.values():
        before = states.get(reading.key[:KEY_LENGTH])
        series = series_of(reading, asked.periods, asked.now)
        kept = kept_of(before) if before else _new(rule, series)
        outcome = advance(rule.policy, _reached(kept, rule.policy, series), series)
        found.append(Judged(reading, before, outcome))
    return Result(rule, tuple(found))


def series_of(reading: Reading, periods: Periods, now: datetime) -> Series:
    """What is not over yet is late, whatever the reading says."""
    start = int(periods.since.timestamp())
    over = (int(now.timestamp()) - start) // periods.seconds
    late = over if reading.late is None else min(over, reading.late)
    return Series(start, periods.seconds, tuple(reading.values), late, reading.early)


def kept_of(state: RuleState) -> Kept:
    return Kept(
        is_firing=state.is_firing,
        is_blind=state.is_blind,
        since=state.since,
        good_since=state.good_since,
        breached_until=state.breached_until,
        judged_until=state.judged_until,
    )


def _new(rule: AlertRule, series: Series) -> Kept:
    """Of a thing that was not met before: what happened since the rule was judged
    last; of a new rule, the newest period."""
    newest = series.start + (series.late - 1) * series.period_seconds
    return Kept.new(newest if rule.judged_until is None else rule.judged_until)


def _reached(kept: Kept, policy: Policy, series: Series) -> Kept:
    """What lies further back than what was read is not judged any more."""
    first = series.start + (policy.looks_at - 1) * series.period_seconds
    if kept.judged_until >= first:
        return kept
    return replace(kept, judged_until=first)
