"""Rules as values: made, changed, switched and deleted, with every version kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.discovery.models import User
from apps.monitoring.incidents import opening
from apps.monitoring.incidents.asking import conditions
from apps.monitoring.incidents.starters import STARTERS
from apps.monitoring.models import AlertRule, RuleVersion

# What a rule is made of, as it is versioned, exported and asked for.
SPEC = (
    "name", "description", "kind", "parameters", "account", "region",
    "period_seconds", "comparison", "threshold", "needed", "periods", "missing",
    "hold_seconds", "severity", "title_template", "key_template",
)  # fmt: skip
# After a change of these, what was seen before says nothing.
_BASIS = ("kind", "parameters", "account", "region", "period_seconds", "key_template")


def spec_of(rule: AlertRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in SPEC}


def create(
    spec: Mapping[str, Any],
    by: User | None,
    now: datetime,
    *,
    is_enabled: bool = False,
    starter: str = "",
) -> AlertRule:
    """`spec` was checked."""
    with transaction.atomic():
        rule = AlertRule.objects.create(
            **{name: spec[name] for name in SPEC if name in spec},
            is_enabled=is_enabled,
            starter=starter,
            created_by=by,
            created_at=now,
            changed_at=now,
        )
        _note(rule, by, now)
    return rule


def change(rule_id: int, spec: Mapping[str, Any], by: User, now: datetime) -> AlertRule:
    """A change of what is watched begins anew: what it opened is resolved. Any other
    goes on from what is known, from the next evaluation."""
    with transaction.atomic():
        rule = _locked(rule_id)
        before = spec_of(rule)
        for name in SPEC:
            setattr(rule, name, spec.get(name, before[name]))
        if spec_of(rule) == before:
            return rule
        rule.revision += 1
        rule.changed_at, rule.next_at = now, None
        if any(before[name] != getattr(rule, name) for name in _BASIS):
            _begin_anew(rule, "The rule was changed to watch something else.", now)
        rule.save()
        _note(rule, by, now)
    return rule


def switch(rule_id: int, by: User, now: datetime, *, on: bool) -> AlertRule:
    """Off, it watches nothing, and what it opened is resolved."""
    with transaction.atomic():
        rule = _locked(rule_id)
        if rule.is_enabled == on:
            return rule
        rule.is_enabled, rule.changed_at = on, now
        rule.next_at, rule.problem, rule.problem_since = None, "", None
        rule.revision += 1
        rule.outages.filter(until=None).update(until=now)
        how = "on" if on else "off"
        _begin_anew(rule, f"The rule was switched {how} by {by}.", now)
        rule.save()
        _note(rule, by, now)
    return rule


def delete(rule_id: int, by: User, now: datetime) -> None:
    """Its incidents are resolved, and stay."""
    with transaction.atomic():
        rule = _locked(rule_id)
        _begin_anew(rule, f"The rule was deleted by {by}.", now)
        rule.is_enabled, rule.deleted_at, rule.revision = False, now, rule.revision + 1
        rule.save()
        _note(rule, by, now)


def begin_with(names: Iterable[str], now: datetime) -> None:
    """Starters of these names, switched on; those that are there already stay."""
    there = set(AlertRule.objects.exclude(starter="").values_list("starter", flat=True))
    for one in STARTERS:
        is_known = one.name in names and one.kind in conditions()
        if is_known and one.name not in there:
            spec = {"kind": one.kind, **one.spec}
            create(spec, None, now, is_enabled=True, starter=one.name)


def _begin_anew(rule: AlertRule, why: str, now: datetime) -> None:
    opening.dropped(rule, why, now)
    rule.basis += 1
    rule.judged_until = None


def _locked(rule_id: int) -> AlertRule:
    rows = AlertRule.objects.select_for_update(of=("self",))
    return rows.get(pk=rule_id, deleted_at=None)


def _note(rule: AlertRule, by: User | None, now: datetime) -> None:
    spec = spec_of(rule) | {"is_enabled": rule.is_enabled}
    RuleVersion.objects.create(
        rule=rule, revision=rule.revision, at=now, by=by, spec=spec
    )
