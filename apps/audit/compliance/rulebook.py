"""The rules of ours: kept in step with the code, and made ready to be used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from django.db.models import Q

from apps.audit.compliance.judging import Judging, judging
from apps.audit.compliance.managed.catalog import OFF_AT_FIRST, RULES, slug_of
from apps.audit.models import ComplianceRule, Sweep

_Kind = ComplianceRule.Kind


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule that is evaluated here, and how."""

    row: ComplianceRule
    judge: Judging


class Rulebook:
    """Rules by the type of resource that they are about."""

    def __init__(self, rows: Iterable[ComplianceRule]) -> None:
        self._by_type: dict[str, list[Ready]] = {}
        self._of_any: list[Ready] = []
        for row in rows:
            ready = Ready(row, judging(row))
            for type_ in row.resource_types:
                self._by_type.setdefault(type_, []).append(ready)
            if not row.resource_types:
                self._of_any.append(ready)

    @property
    def types(self) -> frozenset[str] | None:
        """What the rules are about; None means everything."""
        return None if self._of_any else frozenset(self._by_type)

    def of(self, type_: str) -> Sequence[Ready]:
        own = self._by_type.get(type_, ())
        return (*own, *self._of_any) if self._of_any else own


def in_force() -> Rulebook:
    """The rules that are enabled and evaluated here."""
    ours = Q(kind=_Kind.MANAGED) | Q(kind=_Kind.CUSTOM)
    return Rulebook(ComplianceRule.objects.filter(ours, is_enabled=True))


def sync(sweep: Sweep) -> bool:
    """Make the rows of managed rules what the code says; what people changed, such as
    parameters and whether it is enabled, stays. Whether anything had to be done."""
    digest = _digest()
    if sweep.rules_digest == digest:
        return False
    for one in RULES:
        told = {"title": one.title, "resource_types": list(one.resource_types)}
        ComplianceRule.objects.update_or_create(
            slug=slug_of(one.identifier),
            defaults={**told, "identifier": one.identifier},
            create_defaults={
                **told,
                "kind": _Kind.MANAGED,
                "identifier": one.identifier,
                "severity": one.severity,
                "description": one.note,
                "is_enabled": one.identifier not in OFF_AT_FIRST,
            },
        )
    Sweep.objects.filter(pk=sweep.pk).update(rules_digest=digest)
    return True


@cache
def _digest() -> str:
    told = [(one.identifier, one.title, one.resource_types) for one in RULES]
    return hashlib.sha256(repr(told).encode()).hexdigest()
