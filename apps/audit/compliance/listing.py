"""Violations as a URL asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from apps.audit.compliance.managed.base import Severity
from apps.audit.models import Violation
from apps.discovery.accounts import Viewer

OPEN, EXEMPT, RESOLVED, ALL = "open", "exempt", "resolved", "all"
STATES = (OPEN, EXEMPT, RESOLVED, ALL)
# The worst first, as they stand in lists.
SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_LONGEST = 200
_MOST = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """Which violations are meant; what is empty does not narrow."""

    state: str = OPEN
    q: str = ""
    rules: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    owner: str | None = None
    service: str = ""
    type: str = ""
    pack: str = ""
    resource: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, Sequence[str]]) -> Choice:
        def one(name: str) -> str:
            given = parameters.get(name)
            return str(given[-1]).strip()[:_LONGEST] if given else ""

        def several(name: str) -> tuple[str, ...]:
            parts = ",".join(parameters.get(name, ())).split(",")
            return tuple(part.strip()[:_LONGEST] for part in parts if part.strip())[
                :_MOST
            ]

        return cls(
            state=one("state") if one("state") in STATES else OPEN,
            q=one("q"),
            rules=several("rule"),
            severities=several("severity"),
            accounts=several("account"),
            regions=several("region"),
            owner=one("owner") if "owner" in parameters else None,
            service=one("service"),
            type=one("type"),
            pack=one("pack"),
            resource=one("resource"),
        )


def chosen(choice: Choice, viewer: Viewer, now: datetime) -> QuerySet[Violation]:
    """What is meant, of what the person may see; the worst and newest first."""
    return in_state(narrowed(choice, viewer), choice.state, now)


def in_state(
    rows: QuerySet[Violation], state: str, now: datetime
) -> QuerySet[Violation]:
    if state == RESOLVED:
        return rows.exclude(resolved_at=None)
    if state == ALL:
        return rows
    found = Violation.objects.filter(pk__in=rows.values("pk"))
    return _ordered(found.exempt(now) if state == EXEMPT else found.open(now))


def narrowed(choice: Choice, viewer: Viewer) -> QuerySet[Violation]:
    """As `chosen`, in whatever state."""
    rows = Violation.objects.visible_to(viewer)
    wanted = Q()
    if choice.rules:
        wanted &= Q(rule__slug__in=choice.rules)
    if choice.severities:
        wanted &= Q(rule__severity__in=choice.severities)
    if choice.accounts:
        wanted &= Q(account__in=choice.accounts)
    if choice.regions:
        wanted &= Q(region__in=choice.regions)
    if choice.owner is not None:
        wanted &= Q(owner=choice.owner)
    if choice.pack:
        wanted &= Q(rule__in_packs__pack__slug=choice.pack)
    rows = rows.filter(wanted & _of_resource(choice))
    if choice.pack:
        rows = rows.distinct()
    return _ordered(rows)


def _of_resource(choice: Choice) -> Q:
    wanted = Q()
    if choice.service:
        begins = Q(resource__type__startswith=f"AWS::{choice.service}::")
        wanted &= begins | Q(resource__type=choice.service)
    if choice.type:
        wanted &= Q(resource__type=choice.type)
    if choice.resource:
        wanted &= Q(resource__resource_id=choice.resource) | Q(
            resource__arn=choice.resource
        )
    if choice.q:
        wanted &= (
            Q(resource__resource_id__icontains=choice.q)
            | Q(resource__name__icontains=choice.q)
            | Q(rule__title__icontains=choice.q)
            | Q(rule__identifier__icontains=choice.q)
            | Q(reason__icontains=choice.q)
            | Q(owner__icontains=choice.q)
            | Q(cause_actor__icontains=choice.q)
        )
    return wanted


def _ordered(rows: QuerySet[Violation]) -> QuerySet[Violation]:
    weight = Case(
        *(
            When(rule__severity=one.value, then=Value(at))
            for at, one in enumerate(SEVERITIES)
        ),
        default=Value(len(SEVERITIES)),
        output_field=IntegerField(),
    )
    return rows.annotate(weight=weight).order_by("weight", "-opened_at", "-pk")


def service_of(type_: str) -> str:
    """AWS::S3::Bucket is of S3."""
    parts = type_.split("::")
    return parts[1] if len(parts) > 1 and parts[1] else type_
