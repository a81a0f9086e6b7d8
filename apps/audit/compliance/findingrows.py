"""Findings kept: the newest of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from apps.audit.compliance.findings import FindingRecord
from apps.audit.models import Finding
from apps.discovery.accounts import note_accounts


def take_findings(told: Iterable[FindingRecord], now: datetime) -> int:
    """Keep these; one that is older than what is known changes nothing. How many are
    new or newer."""
    count = 0
    for one in told:
        note_accounts([one.account])
        values = {**asdict(one), "is_failed": one.is_failed, "seen_at": now}
        finding_id = values.pop("id")
        known = Finding.objects.filter(account=one.account, finding_id=finding_id)
        row = known.first()
        if row is None:
            Finding.objects.create(finding_id=finding_id, **values)
            count += 1
        elif row.updated_at < one.updated_at:
            count += known.filter(updated_at=row.updated_at).update(**values)
    return count
