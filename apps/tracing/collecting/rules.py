"""What X-Ray is told to sample, and its groups: read into rows, every ten minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.discovery.aws import AwsError
from apps.discovery.leases import Clock
from apps.tracing.collecting.spending import Purse
from apps.tracing.collecting.xray import XRay
from apps.tracing.models import SamplingRule, TraceGroup, TraceScope

EVERY = timedelta(minutes=10)


def is_due(scope: TraceScope, now: datetime) -> bool:
    return scope.settings_at is None or now - scope.settings_at >= EVERY


def read(scope: TraceScope, xray: XRay, purse: Purse, clock: Clock) -> dict[str, Any]:
    """Columns of the scope that say how it went: what AWS does not tell stays as it
    was, is said there, and traces are read all the same."""
    now = clock()
    columns: dict[str, Any] = {"settings_at": now}
    problems = []
    for part in (_read_rules, _read_groups, _read_destination):
        purse.pay(1)
        try:
            columns |= part(scope, xray)
        except AwsError as error:
            problems.append(str(error))
    if not problems:
        columns["settings_read_at"] = now
    return {**columns, "settings_problem": " ".join(problems)}


def _read_rules(scope: TraceScope, xray: XRay) -> dict[str, Any]:
    rules = xray.sampling_rules()
    with transaction.atomic():
        SamplingRule.objects.filter(scope=scope).delete()
        SamplingRule.objects.bulk_create(
            SamplingRule(
                scope=scope,
                name=rule.name[:64],
                priority=rule.priority,
                rate=rule.rate,
                reservoir=rule.reservoir,
                service_name=rule.service_name[:200],
                service_type=rule.service_type[:200],
                host=rule.host[:200],
                method=rule.method[:40],
                path=rule.path[:400],
                resource_arn=rule.resource_arn[:600],
                attributes=dict(rule.attributes),
            )
            for rule in rules
        )
    return {}


def _read_groups(scope: TraceScope, xray: XRay) -> dict[str, Any]:
    groups = xray.groups()
    with transaction.atomic():
        TraceGroup.objects.filter(scope=scope).delete()
        TraceGroup.objects.bulk_create(
            TraceGroup(
                scope=scope,
                name=group.name[:64],
                arn=group.arn[:400],
                expression=group.expression,
            )
            for group in groups
        )
    return {}


def _read_destination(scope: TraceScope, xray: XRay) -> dict[str, Any]:
    return {"has_transaction_search": xray.has_transaction_search()}
