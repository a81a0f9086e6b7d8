"""Who is told next, while nobody acknowledges: rows with a time when they are due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from apps.discovery.models import User
from apps.discovery.roles import Role
from apps.monitoring.models.notifications import (
    Channel,
    Delivery,
    EscalationStep,
    EscalationTurn,
    Matter,
    Route,
    delivery_of,
)
from apps.monitoring.notifications.jsonnotices import as_json
from apps.monitoring.notifications.notices import Notice, State

_AT_ONCE = 200


def begin(matter: Matter, routes: Iterable[Route], notice: Notice) -> None:
    """Set the turns of a matter that begins now, by the policies of its routes."""
    policies = {route.escalation_id for route in routes if route.escalation_id}
    EscalationTurn.objects.bulk_create(
        [
            EscalationTurn(
                matter=matter,
                step=step,
                revision=notice.revision,
                due_at=notice.at + timedelta(minutes=step.after_minutes),
            )
            for step in EscalationStep.objects.filter(policy__in=policies)
        ],
        ignore_conflicts=True,
    )


def stop(matter: Matter) -> None:
    """Somebody has it in hand, or it is over: nobody else is called."""
    waiting = EscalationTurn.objects.filter(
        matter=matter, state=EscalationTurn.State.WAITING
    )
    waiting.update(state=EscalationTurn.State.STOPPED)


def escalate_due(now: datetime) -> int:
    """Tell whoever's turn has come; each turn is taken by one worker."""
    due = EscalationTurn.objects.filter(
        state=EscalationTurn.State.WAITING, due_at__lte=now
    ).select_related("matter", "step__channel", "step__person")
    return sum(_take(turn, now) for turn in due[:_AT_ONCE])


@transaction.atomic
def _take(turn: EscalationTurn, now: datetime) -> bool:
    ours = EscalationTurn.objects.filter(
        pk=turn.pk, state=EscalationTurn.State.WAITING
    ).update(state=EscalationTurn.State.DONE, done_at=now)
    if not ours:
        return False
    channel, problem = _whom(turn.step, turn.matter)
    if channel is None:
        EscalationTurn.objects.filter(pk=turn.pk).update(problem=problem)
        return True
    notice = _told(turn)
    row = delivery_of(channel, notice, as_json(notice), now)
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    return True


def _told(turn: EscalationTurn) -> Notice:
    notice, minutes = turn.matter.told, turn.step.after_minutes
    waited = ("Escalated", f"Nobody acknowledged it within {minutes} min.")
    return replace(
        notice,
        state=State.ESCALATED,
        revision=turn.pk,
        facts=(waited, *notice.facts),
    )


def _whom(step: EscalationStep, matter: Matter) -> tuple[Channel | None, str]:
    """The channel of a step, or why there is none."""
    if step.channel is not None:
        return step.channel, ""
    person = step.person
    if person is None or not person.is_active:
        return None, "The person of this step is locked out."
    if not person.email:
        return None, f"{person} has no e-mail address."
    may_see = person.rights.may_everywhere(Role.VIEWER) or (
        matter.account and person.rights.may(Role.VIEWER, matter.account)
    )
    if not may_see:
        return None, f"{person} may not see account {matter.account}."
    return channel_of(person), ""


def channel_of(person: User) -> Channel:
    """The e-mail of a person as a channel, made when it is first needed."""
    found, _ = Channel.objects.get_or_create(
        person=person,
        defaults={"name": f"{person.username} by e-mail"[:100], "kind": "email"},
    )
    return found
