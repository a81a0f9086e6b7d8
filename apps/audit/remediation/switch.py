"""Whether anything may be repaired at all. Whatever cannot be read means no."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, transaction

from apps.audit.ledger.writing import append
from apps.audit.models import KillSwitch

FILE = "remediation-off"
"""A file in the home that stops everything, for whoever has no site to click in."""
_ONE = 1


def why_stopped() -> str:
    """Why nothing may be repaired now, in a sentence; "" where it may."""
    if settings.REMEDIATION_OFF:
        return "Repairs are switched off by REMEDIATION_OFF."
    try:
        if (settings.HOME / FILE).exists():
            return f"Repairs are switched off by the file {FILE} in the home."
        switch = KillSwitch.objects.filter(pk=_ONE).first()
    except (DatabaseError, OSError) as error:
        return f"Whether repairs are allowed cannot be read: {error}"
    if switch is None:
        return "Repairs are off until an admin turns them on."
    if not switch.is_allowed:
        who = switch.changed_by or "somebody"
        return f"Repairs were switched off by {who}: {switch.reason or 'no reason'}"
    return ""


def read() -> KillSwitch:
    return KillSwitch.objects.filter(pk=_ONE).first() or KillSwitch(pk=_ONE)


@transaction.atomic
def turn(is_allowed: bool, who: str, reason: str, now: datetime) -> None:  # noqa: FBT001 - a switch
    """Allow or stop repairs; of what runs, nothing more is written once it is off."""
    KillSwitch.objects.update_or_create(
        pk=_ONE,
        defaults={
            "is_allowed": is_allowed,
            "changed_by": who,
            "reason": reason,
            "changed_at": now,
        },
    )
    kind = "switch.on" if is_allowed else "switch.off"
    append(kind, who, {"reason": reason}, now, "switch")
