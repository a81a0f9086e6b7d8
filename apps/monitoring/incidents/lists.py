"""Which incidents and rules one may see, by what a URL says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from apps.discovery.models import User
from apps.monitoring.models import AlertRule, Backtest, Incident
from apps.monitoring.models.incidents import SEVERITIES

STATES = ("open", "acknowledged", "resolved", "mine", "all")
_WORST = Case(
    *(When(severity=name, then=Value(at)) for at, (name, _) in enumerate(SEVERITIES)),
    default=Value(len(SEVERITIES)),
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """`state` is one of STATES: open is all that is not resolved, mine what one has
    acknowledged."""

    state: str = "open"
    severity: str = ""
    account: str = ""
    service: str = ""
    rule: str = ""
    q: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Filters:
        state = str(asked.get("state") or "open")
        names = ("severity", "account", "service", "rule", "q")
        rest = {name: str(asked.get(name) or "").strip()[:255] for name in names}
        return cls(state if state in STATES else "open", **rest)

    @property
    def is_narrow(self) -> bool:
        return bool(
            self.severity or self.account or self.service or self.rule or self.q
        )


def chosen(viewer: User, filters: Filters) -> QuerySet[Incident]:
    """The gravest first of what is open, the newest first of what is over."""
    shown = _narrowed(viewer, filters)
    shown = shown.filter(_in_state(filters.state, viewer))
    shown = shown.select_related("rule", "acknowledged_by")
    if filters.state in ("resolved", "all"):
        return shown.order_by("-opened_at", "-pk")
    return shown.order_by(_WORST, "-opened_at", "-pk")


def counts(viewer: User, filters: Filters) -> dict[str, int]:
    """How many there are in each state, of those that the other filters leave."""
    asked = {state: Count("pk", filter=_in_state(state, viewer)) for state in STATES}
    return _narrowed(viewer, filters).order_by().aggregate(**asked)


def open_count(viewer: User) -> int:
    return Incident.objects.visible_to(viewer).filter(resolved_at=None).count()


def rules_of(viewer: User) -> QuerySet[AlertRule]:
    """The rules that one may see, with how much of them is open now."""
    seen = AlertRule.objects.visible_to(viewer).filter(deleted_at=None)
    is_open = Q(incidents__resolved_at=None, incidents__pk__isnull=False)
    return seen.annotate(open=Count("incidents", filter=is_open, distinct=True))


def backtests_of(viewer: User) -> QuerySet[Backtest]:
    """One's own, or all of who sees all."""
    rows: QuerySet[Backtest] = Backtest.objects.visible_to(viewer)
    if viewer.visible_accounts() is None:
        return rows
    return rows.filter(requested_by=viewer)


def _narrowed(viewer: User, filters: Filters) -> QuerySet[Incident]:
    shown: QuerySet[Incident] = Incident.objects.visible_to(viewer)
    for name in ("severity", "account", "service"):
        if value := getattr(filters, name):
            shown = shown.filter(**{name: value})
    if filters.rule.isdecimal():
        shown = shown.filter(rule=int(filters.rule[:15]))
    if filters.q:
        shown = shown.filter(
            Q(title__icontains=filters.q) | Q(key__icontains=filters.q)
        )
    return shown


def _in_state(state: str, viewer: User) -> Q:
    if state == "all":
        return Q(pk__isnull=False)
    if state == "resolved":
        return Q(resolved_at__isnull=False)
    is_open = Q(resolved_at=None)
    if state == "acknowledged":
        return is_open & Q(acknowledged_at__isnull=False)
    return is_open & Q(acknowledged_by=viewer.pk) if state == "mine" else is_open
