"""What evaluations came to, written: states, evaluations, incidents and what is told
of them, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction

from apps.discovery.alerthooks import Reading
from apps.monitoring.incidents import opening
from apps.monitoring.incidents.asking import unit_of
from apps.monitoring.incidents.deciding import (
    Change,
    Decision,
    Evaluation,
    Kept,
    Outcome,
)
from apps.monitoring.incidents.evaluations import Entry, entry_of, hours_of
from apps.monitoring.incidents.wording import why
from apps.monitoring.models import (
    AlertRule,
    EvaluationHour,
    Incident,
    RuleOutage,
    RuleState,
)

KEPT_FOR = timedelta(days=14)
KEY_LENGTH = 400
# How often a rule is looked at, in seconds: several times in a period.
_LEAST_SECONDS, _MOST_SECONDS = 15, 60
_STALE = timedelta(days=2)
_ROWS = 200
_STATE_FIELDS = [
    "basis", "is_firing", "is_blind", "since", "good_since", "breached_until",
    "judged_until", "value", "text", "url", "account", "region", "labels", "incident",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be kept of a thing: the reading, the state before, if there was one,
    and what came of both."""

    reading: Reading
    before: RuleState | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a rule; `problem` says why nothing did."""

    rule: AlertRule
    judged: tuple[Judged, ...] = ()
    problem: str = ""


def keep(results: Sequence[Result], token: str, now: datetime) -> None:
    """Of rules that are still claimed and as they were; of others, nothing."""
    with transaction.atomic():
        held = _held(results, token)
        mine = [one for one in results if held.get(one.rule.pk) == one.rule.revision]
        states: list[RuleState] = []
        entries: dict[tuple[int, str], list[Entry]] = {}
        pairs = [(result.rule, one) for result in mine for one in result.judged]
        # What fires comes first: an incident that goes on is not resolved meanwhile.
        for rule, judged in sorted(pairs, key=lambda pair: not _fires(pair[1])):
            state = _state(rule, judged, now)
            states += [state] if state is not None else []
            if judged.outcome.evaluations:
                key = (rule.pk, judged.reading.key[:KEY_LENGTH])
                entries[key] = [
                    entry_of(one, rule.revision) for one in judged.outcome.evaluations
                ]
        _write_states(states)
        _write_evaluations(entries)
        _release(mine, now)


def _held(results: Sequence[Result], token: str) -> dict[int, int]:
    rows = AlertRule.objects.select_for_update().filter(
        pk__in=[one.rule.pk for one in results],
        claimed_by=token,
        is_enabled=True,
        deleted_at=None,
    )
    return dict(rows.order_by("pk").values_list("pk", "revision"))


def _fires(judged: Judged) -> bool:
    return any(one.change is Change.FIRED for one in judged.outcome.evaluations)


def _state(rule: AlertRule, judged: Judged, now: datetime) -> RuleState | None:
    """What is kept of a thing, with what came of it; None where nothing changed."""
    found, before = judged.outcome, judged.before
    if before is not None and not found.evaluations and _is_same(before, found.kept):
        return None
    state = before or RuleState(rule=rule, key=judged.reading.key[:KEY_LENGTH])
    _fill(state, rule, judged)
    for evaluation in found.evaluations:
        _follow(rule, state, evaluation, now)
    state.is_firing = found.kept.is_firing
    return state


def _is_same(before: RuleState, kept: Kept) -> bool:
    return all(getattr(before, name) == getattr(kept, name) for name in Kept.__slots__)


def _fill(state: RuleState, rule: AlertRule, judged: Judged) -> None:
    reading, found = judged.reading, judged.outcome
    for name in Kept.__slots__:
        setattr(state, name, getattr(found.kept, name))
    state.basis = rule.basis
    if found.evaluations:
        state.value = _finite(found.evaluations[-1])
    if reading.text:
        state.text, state.url = reading.text[:500], reading.url
        state.account = reading.account or rule.account
        state.region = reading.region or rule.region
        state.labels = dict(reading.labels)


def _finite(evaluation: Evaluation) -> float | None:
    value = evaluation.window[-1]
    return value if value is not None and value == value else None


def _follow(
    rule: AlertRule, state: RuleState, evaluation: Evaluation, now: datetime
) -> None:
    """Open, resolve or reopen what an evaluation says. The state is written at once
    then: whether an incident goes on is asked of the states that are part of it."""
    at = min(datetime.fromtimestamp(evaluation.until, UTC), now)
    if evaluation.change is Change.FIRED:
        said = _why(rule, evaluation)
        state.is_firing, state.value = True, _finite(evaluation)
        state.incident = opening.fired(rule, state, said, at)
    elif evaluation.change is Change.RESOLVED:
        incident, state.is_firing, state.incident = state.incident, False, None
        state.save()
        opening.resolved(incident, state, _why(rule, evaluation), at)
        return
    elif evaluation.decision is Decision.BREACHING and _was_closed(state, at):
        state.incident = opening.still_fires(state, rule, _why(rule, evaluation), at)
    else:
        return
    state.save()


def _was_closed(state: RuleState, at: datetime) -> bool:
    """Whether a person closed its incident before a period that breaches ended."""
    closed: Incident | None = state.incident
    return closed is None or (
        closed.resolved_at is not None and closed.resolved_at < at
    )


def _why(rule: AlertRule, evaluation: Evaluation) -> str:
    return why(rule.policy, evaluation, unit_of(rule.kind, rule.parameters))


def _write_states(states: Sequence[RuleState]) -> None:
    """New ones and old ones in the same statements."""
    RuleState.objects.bulk_create(
        states,
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["rule", "key"],
        update_fields=_STATE_FIELDS,
    )


def _write_evaluations(entries: dict[tuple[int, str], list[Entry]]) -> None:
    """Each goes to the row of its thing and hour, beside what is there."""
    parts = {
        (rule_id, key, began): some
        for (rule_id, key), all_of in entries.items()
        for began, some in hours_of(all_of).items()
    }
    there = EvaluationHour.objects.filter(
        rule__in={rule_id for rule_id, _, _ in parts},
        began__in={began for _, _, began in parts},
    )
    before = {
        (rule_id, key, began): told
        for rule_id, key, began, told in there.values_list(
            "rule_id", "key", "began", "entries"
        )
    }
    EvaluationHour.objects.bulk_create(
        (
            EvaluationHour(
                rule_id=rule_id,
                key=key,
                began=began,
                entries=[*before.get((rule_id, key, began), ()), *some],
            )
            for (rule_id, key, began), some in parts.items()
        ),
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["rule", "key", "began"],
        update_fields=["entries"],
    )


def next_at(rule: AlertRule, now: datetime) -> datetime:
    """Several times in a period, so that what comes late is met soon."""
    every = min(max(rule.period_seconds // 4, _LEAST_SECONDS), _MOST_SECONDS)
    moment = (int(now.timestamp()) // every + 1) * every
    return datetime.fromtimestamp(moment, UTC) + timedelta(milliseconds=100)


def _release(results: Iterable[Result], now: datetime) -> None:
    """Rules that came equally far, and are due again together, in one statement."""
    alike: dict[tuple[datetime, int | None], list[int]] = {}
    for result in results:
        rule = result.rule
        if result.problem != rule.problem:
            _note_problem(rule, result.problem, now)
        reached = [one.outcome.kept.judged_until for one in result.judged]
        judged_until = max([*reached, rule.judged_until or 0]) or None
        alike.setdefault((next_at(rule, now), judged_until), []).append(rule.pk)
    for (due, judged_until), some in alike.items():
        AlertRule.objects.filter(pk__in=some).update(
            claimed_by="",
            claimed_until=None,
            next_at=due,
            evaluated_at=now,
            judged_until=judged_until,
        )


def _note_problem(rule: AlertRule, problem: str, now: datetime) -> None:
    RuleOutage.objects.filter(rule=rule, until=None).update(until=now)
    if problem:
        RuleOutage.objects.create(rule=rule, since=now, problem=problem)
    AlertRule.objects.filter(pk=rule.pk).update(
        problem=problem, problem_since=now if problem else None
    )


def forget_old(now: datetime) -> None:
    """Evaluations and outages that are older than is kept, and what rules watched that
    is not there any more."""
    oldest = now - KEPT_FOR
    EvaluationHour.objects.filter(began__lt=int(oldest.timestamp())).delete()
    RuleOutage.objects.filter(until__lt=oldest).delete()
    stale = int((now - _STALE).timestamp())
    RuleState.objects.filter(is_firing=False, judged_until__lt=stale).delete()
