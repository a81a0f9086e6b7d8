"""Violations as something that alert rules watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from django.db.models import Q
from django.urls import reverse

from apps.audit.compliance.listing import SEVERITIES
from apps.audit.models import ComplianceRule, Sweep, Violation
from apps.discovery.alerthooks import (
    ConditionInvalid,
    ConditionUnavailable,
    Early,
    Parameter,
    Periods,
    Reading,
)
from apps.search.engines.base import Scope

_MOST = 2_000
_LONGEST = 200
_ANY = "any"


class ViolationOpened:
    """Each violation that is open, and not exempt, is a thing of its own."""

    kind = "violation"
    title = "A rule of compliance is violated"
    about = (
        "Resources that fail a rule. Each is over when the rule passes again, or an "
        "exemption bears it."
    )
    unit = "Count"
    # A violation that is no longer open is not one without data.
    absent = 0.0
    form = (
        Parameter(
            "rule",
            "Rule",
            "Its title, identifier or short name; * stands for any letters.",
            default="*",
        ),
        Parameter(
            "severity",
            "At least as severe as",
            choices=tuple((one.value, one.title()) for one in SEVERITIES),
            default="high",
        ),
        Parameter(
            "account",
            "Account",
            "Its number; empty for all.",
            is_required=False,
        ),
        Parameter(
            "type",
            "Type of resource",
            "Such as AWS::S3::Bucket; empty for all.",
            is_required=False,
        ),
    )

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        severity = str(parameters.get("severity") or _ANY)
        if severity not in (_ANY, *SEVERITIES):
            raise ConditionInvalid("severity", f"There are {', '.join(SEVERITIES)}.")
        account = str(parameters.get("account") or "").strip()
        if account and not account.isdigit():
            raise ConditionInvalid("account", "An account's number has 12 digits.")
        return {
            "rule": str(parameters.get("rule") or "*").strip()[:_LONGEST],
            "severity": severity,
            "account": account[:64],
            "type": str(parameters.get("type") or "").strip()[:_LONGEST],
        }

    def unit_of(self, parameters: Mapping[str, Any]) -> str:
        return self.unit

    def say(self, parameters: Mapping[str, Any]) -> str:
        rule, severity = parameters["rule"], parameters["severity"]
        of = "any rule" if rule == "*" else rule
        least = "" if severity == _ANY else f", {severity} or worse"
        return f"Violations of {of}{least}"

    def read(
        self, parameters: Mapping[str, Any], periods: Periods, scope: Scope
    ) -> Sequence[Reading]:
        """1 in each period in which a violation was open at some time. Raises
        ConditionUnavailable before anything was judged."""
        if not Sweep.objects.exclude(all_done_at=None).exists():
            raise ConditionUnavailable("No resource was judged yet.")
        rows = _standing(parameters, periods, scope)
        return [_reading(row, periods) for row in rows]


def _standing(
    parameters: Mapping[str, Any], periods: Periods, scope: Scope
) -> Iterator[Violation]:
    """Those open at some time of the periods; the newest for each resource and rule
    come last, so that one that opened again goes on."""
    lately = Q(resolved_at=None) | Q(resolved_at__gt=periods.since)
    rows = Violation.objects.filter(lately, opened_at__lt=periods.until)
    rows = rows.filter(rule__in=_rules(parameters))
    ended = Q(exemption=None) | Q(exemption__expires_at__lte=periods.until)
    rows = rows.filter(ended)
    if scope.accounts is not None:
        rows = rows.filter(account__in=scope.accounts)
    if parameters["account"]:
        rows = rows.filter(account=parameters["account"])
    if parameters["type"]:
        rows = rows.filter(resource__type=parameters["type"])
    newest = rows.select_related("rule", "resource").order_by("-opened_at")[:_MOST]
    latest = {(row.rule_id, row.resource_id): row for row in reversed(newest)}
    return iter(latest.values())


def _rules(parameters: Mapping[str, Any]) -> list[int]:
    least = parameters["severity"]
    worst = [one.value for one in SEVERITIES]
    severities = worst if least == _ANY else worst[: worst.index(least) + 1]
    pattern = parameters["rule"].lower()
    rules = ComplianceRule.objects.filter(severity__in=severities)
    return [
        pk
        for pk, *names in rules.values_list("pk", "slug", "identifier", "title")
        if any(fnmatchcase(str(name).lower(), pattern) for name in names if name)
    ]


def _reading(row: Violation, periods: Periods) -> Reading:
    resource = row.resource
    name = resource.name or resource.resource_id
    return Reading(
        key=f"{row.rule.slug} {resource.arn or resource.resource_id}",
        values=tuple(_values(row, periods)),
        text=f"{row.rule.title}: {name}. {row.reason}",
        url=reverse("violation", args=[row.pk]),
        account=row.account,
        region=row.region,
        early=Early.UP,
        labels={
            "resource": resource.arn or resource.resource_id,
            "rule": row.rule.slug,
            "severity": row.rule.severity,
            "owner": row.owner,
        },
    )


def _values(row: Violation, periods: Periods) -> Iterator[float]:
    first = periods.since.timestamp()
    opened = row.opened_at.timestamp()
    resolved = row.resolved_at.timestamp() if row.resolved_at else float("inf")
    for number in range(periods.count):
        begin = first + number * periods.seconds
        # What opened and was mended within a period, as repairs do, is told, too.
        yield float(opened < begin + periods.seconds and resolved > begin)


CONDITION = ViolationOpened()
