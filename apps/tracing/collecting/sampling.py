"""The sampling rules in force, from stored rows: how much of the traffic is traced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.tracing.models import SamplingRule

_ANY = "*"
_EVERYTHING = 1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Of requests that match, the first `reservoir` of each second are traced, and of
    what exceeds them the share `rate`, from 0 to 1. `matches` says in words what it is
    for; the rule with the lowest priority that matches decides."""

    account: str
    region: str
    name: str
    priority: int
    rate: float
    reservoir: int
    matches: str

    @property
    def traces_everything(self) -> bool:
        return self.rate >= _EVERYTHING

    @property
    def sentence(self) -> str:
        """What is traced, in words."""
        if self.traces_everything:
            return "every request"
        share = f"{self.rate * 100:g} %"
        if not self.reservoir:
            return f"{share} of requests" if self.rate else "no request"
        first = (
            "the first request"
            if self.reservoir == 1
            else (f"the first {self.reservoir:,} requests")
        )
        if not self.rate:
            return f"{first} of each second"
        return f"{first} of each second, and {share} of the others"


def rules_of(account: str, region: str) -> list[Rule]:
    """The rules of an account and region in the order they are tried; none where they
    are not known."""
    return rules_in([(account, region)])


def rules_in(places: Sequence[tuple[str, str]]) -> list[Rule]:
    """The same of several accounts and regions."""
    rows = SamplingRule.objects.filter(
        scope__account__in={account for account, _ in places},
        scope__region__in={region for _, region in places},
    ).select_related("scope")
    return [
        _rule(row) for row in rows if (row.scope.account_id, row.scope.region) in places
    ]


def _rule(row: SamplingRule) -> Rule:
    return Rule(
        row.scope.account_id,
        row.scope.region,
        row.name,
        row.priority,
        row.rate,
        row.reservoir,
        "; ".join(_matches(row)) or "everything",
    )


def _matches(row: SamplingRule) -> Iterable[str]:
    request = [one for one in (row.method, row.path) if one != _ANY]
    if request:
        yield "requests " + " ".join(request)
    for what, value in (
        ("service", row.service_name),
        ("type", row.service_type),
        ("host", row.host),
        ("resource", row.resource_arn),
    ):
        if value != _ANY:
            yield f"{what} {value}"
    for name, value in sorted(row.attributes.items()):
        yield f"{name} = {value}"
