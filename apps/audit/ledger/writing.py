"""Appending to the ledger, as part of whatever the row tells of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.ledger.chain import Row, canonical, hash_of
from apps.audit.models import LedgerEntry, LedgerHead

REPAIRS = "repairs"


@transaction.atomic
def append(
    kind: str, actor: str, data: Mapping[str, Any], now: datetime, subject: str = ""
) -> LedgerEntry:
    """A row more. In the transaction of the caller: what it tells of and the row are
    both there or both not. `data` may name an `account`: who may not see it does not
    see the row. `subject` is what pages find it by."""
    LedgerHead.objects.get_or_create(pk=REPAIRS)
    head = LedgerHead.objects.select_for_update().get(pk=REPAIRS)
    row = Row(
        REPAIRS,
        head.sequence + 1,
        now,
        kind,
        actor,
        subject,
        str(data.get("account", "")),
        canonical(data),
        head.hash,
        "",
    )
    row = replace(row, hash=hash_of(row))
    head.sequence, head.hash = row.sequence, row.hash
    head.save(update_fields=["sequence", "hash"])
    return LedgerEntry.objects.create(**asdict(row))
