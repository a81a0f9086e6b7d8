"""What rules of AWS Config say, kept beside what ours say.

A rule of Config that is evaluated here too, with the same parameters, opens no second
violation: its verdicts are kept, and ours speak.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.audit.compliance.configrules.records import (
    ConfigResult,
    ConfigRule,
    outcome_of,
)
from apps.audit.compliance.keeping import keep
from apps.audit.compliance.managed.catalog import BY_IDENTIFIER
from apps.audit.compliance.parameters import filled
from apps.audit.compliance.verdicts import Outcome, Verdict
from apps.audit.compliance.violations import Judged, resolve, settle
from apps.audit.models import ComplianceRule, Evaluation, Violation
from apps.discovery.inventory.items import ItemSource
from apps.discovery.inventory.notices import ComplianceChanged
from apps.discovery.models import Resource

_Kind = ComplianceRule.Kind
_GLOBAL = "global"
_SAYS_NO_MORE = "AWS Config no longer says anything of it."
_RULE_GONE = "AWS Config no longer has the rule."
_TOLD_BY_OURS = "A rule of Trailmap's own that asks the same tells of it."
_PAGE = 500
Place = tuple[str, str]
"""Account and region."""


def slug_of(place: Place, name: str) -> str:
    """Names of rules are long and not unique over regions."""
    account, region = place
    plain = "".join(one if one.isalnum() else "-" for one in name.lower())[:80]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"config-{account}-{region}-{plain}-{digest}"[:140]


def note_rules(
    place: Place, told: Sequence[ConfigRule], now: datetime
) -> Mapping[str, ComplianceRule]:
    """Rows of the rules that Config has here, by name; those it has no more are off."""
    account, region = place
    rows = {}
    for one in told:
        known = BY_IDENTIFIER.get(one.identifier)
        row, _ = ComplianceRule.objects.update_or_create(
            slug=slug_of(place, one.name),
            defaults={
                "title": one.name,
                "description": one.description,
                "kind": _Kind.CONFIG,
                "identifier": one.identifier,
                "parameters": dict(one.parameters),
                "resource_types": list(one.resource_types),
                "account": account,
                "region": region,
                "is_enabled": one.state != "DELETING",
            },
        )
        if known is not None and row.severity != known.severity:
            row.severity = known.severity
            row.save(update_fields=["severity"])
        rows[one.name] = row
    _end_rules(place, {row.pk for row in rows.values()}, now)
    return rows


def _end_rules(place: Place, there: set[int], now: datetime) -> None:
    account, region = place
    ours = ComplianceRule.objects.filter(
        kind=_Kind.CONFIG, account=account, region=region
    )
    over = ours.exclude(pk__in=there)
    resolve(Violation.objects.filter(rule__in=over), _RULE_GONE, now)
    over.update(is_enabled=False)


def keep_results(
    rule: ComplianceRule, told: Sequence[ConfigResult], now: datetime
) -> int:
    """What a rule says of all that it looked at; how many verdicts changed."""
    place = (rule.account, rule.region)
    changed = 0
    seen: set[int] = set()
    for start in range(0, len(told), _PAGE):
        part = told[start : start + _PAGE]
        resources = _resources(place, part, now)
        judged = [_judged(rule, resources[_key(one)], one) for one in part]
        changed += _take(rule, judged, now)
        seen |= {one.resource.pk for one in judged}
    return changed + _end_results(rule, seen, now)


def _key(one: ConfigResult) -> tuple[str, str]:
    return one.resource_type, one.resource_id


def _judged(rule: ComplianceRule, resource: Resource, one: ConfigResult) -> Judged:
    reason = one.annotation or f"AWS Config: {one.outcome.value.replace('_', ' ')}."
    return Judged(rule, resource, Verdict(one.outcome, reason), one.said_at)


def _take(rule: ComplianceRule, judged: Sequence[Judged], now: datetime) -> int:
    alive = [one for one in judged if one.resource.deleted_at is None]
    with transaction.atomic():
        changed = keep(alive, now)
        if has_a_twin(rule):
            resolve(Violation.objects.filter(rule=rule), _TOLD_BY_OURS, now)
        else:
            settle(alive, now)
    return changed


def _end_results(rule: ComplianceRule, seen: set[int], now: datetime) -> int:
    """Verdicts that a complete answer no longer holds are over."""
    held = Evaluation.objects.filter(rule=rule).exclude(outcome=Outcome.NOT_APPLICABLE)
    over = [row for row in held.only("resource_id") if row.resource_id not in seen]
    for start in range(0, len(over), _PAGE):
        part = over[start : start + _PAGE]
        resources = [row.resource_id for row in part]
        Evaluation.objects.filter(pk__in=[row.pk for row in part]).update(
            outcome=Outcome.NOT_APPLICABLE,
            reason=_SAYS_NO_MORE,
            evaluated_at=now,
            since=now,
        )
        rows = Violation.objects.filter(rule=rule, resource__in=resources)
        resolve(rows, _SAYS_NO_MORE, now)
    return len(over)


def has_a_twin(rule: ComplianceRule) -> bool:
    """Whether a rule of ours that is on says the same."""
    known = BY_IDENTIFIER.get(rule.identifier)
    if known is None:
        return False
    ours = ComplianceRule.objects.filter(
        kind=_Kind.MANAGED, identifier=rule.identifier, is_enabled=True
    )
    wanted = _texts(filled(known.parameters, rule.parameters).values)
    return any(
        _texts(filled(known.parameters, one.parameters).values) == wanted
        for one in ours
    )


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value).lower() for name, value in values.items() if value}


def _resources(
    place: Place, told: Sequence[ConfigResult], now: datetime
) -> dict[tuple[str, str], Resource]:
    """The resources meant; one that nobody told of yet is noted, empty."""
    account, region = place
    ids = [one.resource_id for one in told]
    types = {one.resource_type for one in told}
    here = Q(region=region) | Q(region=_GLOBAL)
    rows = Resource.objects.filter(
        here, account=account, type__in=types, resource_id__in=ids
    )
    found = {(row.type, row.resource_id): row for row in rows}
    for one in told:
        if _key(one) not in found:
            found[_key(one)] = _noted(place, one, now)
    return found


def _noted(place: Place, one: ConfigResult, now: datetime) -> Resource:
    account, region = place
    row, _ = Resource.objects.get_or_create(
        account=account,
        region=region,
        type=one.resource_type,
        resource_id=one.resource_id,
        defaults={
            "source": ItemSource.CONFIG,
            "captured_at": one.seen_at or now,
            "first_seen_at": now,
        },
    )
    return row


def take_changes(changes: Sequence[ComplianceChanged], now: datetime) -> None:
    """What notifications say. One that is older than what is known changes nothing; a
    rule that is not known yet is noted by its name."""
    for one in changes:
        place = (one.key.account, one.key.region)
        rule, _ = ComplianceRule.objects.get_or_create(
            slug=slug_of(place, one.rule),
            defaults={
                "title": one.rule,
                "kind": _Kind.CONFIG,
                "account": place[0],
                "region": place[1],
            },
        )
        _take_change(rule, one, now)


def _take_change(rule: ComplianceRule, one: ComplianceChanged, now: datetime) -> None:
    result = _as_result(one)
    resource = _resources((rule.account, rule.region), [result], now)[_key(result)]
    known = Evaluation.objects.filter(rule=rule, resource=resource).first()
    if known is None or known.evaluated_at < one.at:
        _take(rule, [_judged(rule, resource, result)], now)


def _as_result(one: ComplianceChanged) -> ConfigResult:
    """A rule that says nothing any more does not apply."""
    return ConfigResult(
        rule=one.rule,
        resource_type=one.key.type,
        resource_id=one.key.id,
        outcome=outcome_of(one.new) if one.new else Outcome.NOT_APPLICABLE,
        annotation=one.annotation,
        seen_at=one.at,
        said_at=one.at,
    )
