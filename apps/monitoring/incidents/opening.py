"""Incidents: opened and resolved by data, acknowledged, closed and commented by people.

Every function is part of its caller's transaction, so that what is kept of a rule, the
incident, its timeline and what is told of it are there together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from apps.discovery.models import User
from apps.monitoring.incidents import templates
from apps.monitoring.incidents.asking import unit_of
from apps.monitoring.incidents.wording import facts
from apps.monitoring.models import AlertRule, Incident, IncidentEvent, RuleState
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.outbox import notify

Kind = IncidentEvent.Kind
_KEY, _TITLE = 400, 300


class ActionRefused(Exception):
    """What a person asked cannot be done; says why."""


def fired(rule: AlertRule, state: RuleState, why: str, at: datetime) -> Incident:
    """What a rule watches has begun to fire: an incident opens, or grows wider."""
    labels = labels_of(rule, state)
    found = _open_one(state.account, key_of(rule, labels))
    if found is None:
        found, is_new = _opened(rule, state, labels, at)
        if is_new:
            _note(found, Kind.OPENED, at, why)
            _tell(found, State.FIRING, why, at)
            return found
    _note(found, Kind.JOINED, at, f"{state.text or state.key}: {why}")
    return found


def resolved(of: Incident | None, state: RuleState, why: str, at: datetime) -> None:
    """What was watched does not fire any more: its incident is resolved, if nothing
    else keeps it open."""
    incident = _locked(of.pk) if of else None
    if incident is None or incident.resolved_at:
        return
    if _others(incident, state).exists():
        _note(incident, Kind.LEFT, at, f"{state.text or state.key}: {why}")
        return
    _end(incident, Incident.Ended.DATA, why, at)


def still_fires(state: RuleState, rule: AlertRule, why: str, at: datetime) -> Incident:
    """The incident of what still fires: closed by a person, it opens again."""
    incident = _locked(state.incident_id)
    if incident is None:
        return fired(rule, state, why, at)
    if incident.resolved_at is None:
        return incident
    other = _open_one(incident.account, incident.key)
    if other is not None:
        return other
    incident.revision += 1
    incident.resolved_at, incident.ended, incident.changed_at = None, "", at
    incident.acknowledged_at = incident.acknowledged_by = None
    incident.save()
    _note(incident, Kind.REOPENED, at, f"It was closed, and the data still says: {why}")
    _tell(incident, State.FIRING, why, at)
    return incident


def dropped(rule: AlertRule, why: str, now: datetime) -> None:
    """The rule is deleted, switched off, or watches something else: what it opened is
    resolved, unless another rule keeps it open."""
    firing = RuleState.objects.filter(rule=rule, is_firing=True)
    for state in firing.select_related("incident"):
        incident = _locked(state.incident_id)
        if incident is None or incident.resolved_at:
            continue
        if _others(incident, state).exclude(rule=rule).exists():
            _note(incident, Kind.LEFT, now, why)
        else:
            _end(incident, Incident.Ended.RULE, why, now)
    RuleState.objects.filter(rule=rule).delete()


def acknowledge(incident_id: int, by: User, note: str, now: datetime) -> Incident:
    """Somebody looks after it. Raises ActionRefused."""
    with transaction.atomic():
        incident = _locked(incident_id)
        if incident is None or incident.resolved_at:
            raise ActionRefused("It is resolved: there is nothing to look after.")
        if incident.acknowledged_at:
            raise ActionRefused(f"{incident.acknowledged_by} looks after it already.")
        incident.acknowledged_at, incident.acknowledged_by = now, by
        incident.note, incident.changed_at = note, now
        incident.revision += 1
        incident.save()
        _note(incident, Kind.ACKNOWLEDGED, now, note, by)
        _tell(incident, State.ACKNOWLEDGED, f"{by} looks after it. {note}".strip(), now)
    return incident


def close(incident_id: int, by: User, reason: str, now: datetime) -> Incident:
    """Resolve it by hand; it opens again where data still breaches. Raises
    ActionRefused."""
    if not reason.strip():
        raise ActionRefused("Say why it is resolved.")
    with transaction.atomic():
        incident = _locked(incident_id)
        if incident is None or incident.resolved_at:
            raise ActionRefused("It is resolved already.")
        said = f"{by}: {reason.strip()}"
        _note(incident, Kind.CLOSED, now, reason.strip(), by)
        _end(incident, Incident.Ended.PERSON, said, now)
    return incident


def comment(incident_id: int, by: User, text: str, now: datetime) -> IncidentEvent:
    """Raises ActionRefused."""
    if not text.strip():
        raise ActionRefused("Write something.")
    incident = Incident.objects.get(pk=incident_id)
    return _note(incident, Kind.COMMENT, now, text.strip()[:4_000], by)


def labels_of(rule: AlertRule, state: RuleState) -> dict[str, str]:
    """What templates, silences and routes may use; names of ours win."""
    found = {str(name): str(value) for name, value in state.labels.items()}
    return found | {
        "rule": rule.name,
        "severity": rule.severity,
        "key": state.key,
        "account": state.account or rule.account,
        "region": state.region or rule.region,
    }


def key_of(rule: AlertRule, labels: Mapping[str, str]) -> str:
    """What makes two incidents the same: by itself, one for each thing of a rule."""
    if not rule.key_template:
        return f"rule-{rule.pk}/{labels['key']}"[:_KEY]
    return templates.render(rule.key_template, labels)[:_KEY]


def title_of(rule: AlertRule, state: RuleState, labels: Mapping[str, str]) -> str:
    if rule.title_template:
        return templates.render(rule.title_template, labels)[:_TITLE]
    about = templates.render("{{about}}", {"about": state.text or state.key})
    return f"{rule.name}: {about}"[:_TITLE] if about != "?" else rule.name


def _open_one(account: str, key: str) -> Incident | None:
    rows = Incident.objects.select_for_update().filter(resolved_at=None)
    return rows.filter(account=account, key=key).first()


def _locked(incident_id: int | None) -> Incident | None:
    if incident_id is None:
        return None
    return Incident.objects.select_for_update().filter(pk=incident_id).first()


def _others(incident: Incident, state: RuleState) -> QuerySet[RuleState]:
    firing = RuleState.objects.filter(incident=incident, is_firing=True)
    return firing.exclude(pk=state.pk)


def _opened(
    rule: AlertRule, state: RuleState, labels: Mapping[str, str], at: datetime
) -> tuple[Incident, bool]:
    """A new incident, or the one that another worker was faster to open."""
    made = Incident(
        key=key_of(rule, labels),
        rule=rule,
        title=title_of(rule, state, labels),
        text=rule.description,
        severity=rule.severity,
        account=state.account,
        region=state.region,
        service=labels.get("service", "")[:255],
        resource=labels.get("resource", "")[:1_024],
        labels=dict(labels),
        url=state.url,
        reading_key=state.key,
        rule_revision=rule.revision,
        value=state.value,
        opened_at=at,
        changed_at=at,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        other = _open_one(made.account, made.key)
        if other is None:
            raise
        return other, False
    return made, True


def _end(incident: Incident, ended: str, why: str, at: datetime) -> None:
    incident.resolved_at = incident.changed_at = max(at, incident.opened_at)
    incident.ended = ended
    incident.revision += 1
    incident.save()
    if ended != Incident.Ended.PERSON:
        _note(incident, Kind.RESOLVED, at, why)
    _tell(incident, State.RESOLVED, why, at)


def _note(
    incident: Incident, kind: str, at: datetime, text: str, by: User | None = None
) -> IncidentEvent:
    return IncidentEvent.objects.create(
        incident=incident, kind=kind, at=at, text=text[:4_000], by=by
    )


def _tell(incident: Incident, state: State, why: str, at: datetime) -> None:
    rule = incident.rule
    told = facts(rule.policy, unit_of(rule.kind, rule.parameters), incident.value)
    since = incident.opened_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    labels = dict.fromkeys(("service", "resource"), "")
    notify(
        Notice(
            key=f"incident:{incident.pk}",
            state=state,
            revision=incident.revision,
            title=incident.title,
            text=why,
            severity=Severity(incident.severity),
            url=reverse("incident", args=[incident.pk]),
            at=at,
            labels=labels | {str(k): str(v) for k, v in incident.labels.items()},
            facts=(*told.items(), ("Since", since)),
        )
    )
