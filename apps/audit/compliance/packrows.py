"""Packs kept: each rule of theirs joined with one that is evaluated here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from apps.audit.compliance.managed.base import Managed
from apps.audit.compliance.managed.catalog import BY_IDENTIFIER
from apps.audit.compliance.packs import PackedRule, PackRecord
from apps.audit.compliance.parameters import filled
from apps.audit.models import ComplianceRule, Pack, PackRule
from apps.discovery.models import User

_LONGEST_SLUG = 60


def import_pack(
    title: str, source: str, record: PackRecord, user: User, now: datetime
) -> Pack:
    """Keep a pack, or take the place of the one with the same title. Rules of it that
    are evaluated here are switched on."""
    slug = slugify(title)[:_LONGEST_SLUG] or "pack"
    with transaction.atomic():
        pack, _ = Pack.objects.update_or_create(
            slug=slug,
            defaults={
                "title": title,
                "source": source,
                "imported_at": now,
                "imported_by": user,
            },
        )
        pack.rules.all().delete()
        for one in {one.name: one for one in record.rules}.values():
            PackRule.objects.create(
                pack=pack,
                name=one.name,
                identifier=one.identifier,
                parameters=dict(one.parameters),
                rule=None if one.problem else _joined(pack, one, now),
                problem=one.problem,
            )
    return pack


def _joined(pack: Pack, one: PackedRule, now: datetime) -> ComplianceRule:
    """The rule that asks the same, or a new one with the pack's parameters."""
    managed = BY_IDENTIFIER[one.identifier]
    wanted = _effective(managed, one.parameters)
    ours = ComplianceRule.objects.filter(
        kind=ComplianceRule.Kind.MANAGED, identifier=one.identifier
    )
    for rule in ours:
        if _effective(managed, rule.parameters) == wanted:
            if not rule.is_enabled:
                rule.is_enabled, rule.requested_at = True, now
                rule.save(update_fields=["is_enabled", "requested_at", "changed_at"])
            return rule
    slug = slugify(f"{pack.slug}-{one.name}")[:140]
    rule, _ = ComplianceRule.objects.update_or_create(
        slug=slug,
        defaults={
            "title": f"{managed.title} ({pack.title})"[:200],
            "kind": ComplianceRule.Kind.MANAGED,
            "identifier": one.identifier,
            "parameters": dict(one.parameters),
            "resource_types": list(managed.resource_types),
            "severity": managed.severity,
            "is_enabled": True,
            "requested_at": now,
        },
    )
    return rule


def _effective(managed: Managed, given: Mapping[str, str]) -> dict[str, str]:
    values = filled(managed.parameters, given).values
    return {name: str(value) for name, value in values.items() if value}
