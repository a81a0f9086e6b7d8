"""How far what we know of resources can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.discovery.accounts import Viewer
from apps.discovery.models import ConfigGap

# A look of our own says how a resource is for so long.
_FRESH = timedelta(minutes=30)
_GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time, not over yet, in which something of a place is not recorded."""

    row: ConfigGap

    @property
    def says(self) -> str:
        row = self.row
        named = f" {', '.join(row.types[:5])}" if row.types else ""
        more = f" and {len(row.types) - 5} more" if len(row.types) > 5 else ""  # noqa: PLR2004
        return f"{row.get_reason_display()}:{named}{more} {row.detail}".strip()

    def concerns(self, account: str, region: str, type_: str) -> bool:
        row = self.row
        here = row.account == account and region in (row.region, _GLOBAL)
        return here and (not row.types or type_ in row.types)


def open_gaps(viewer: Viewer) -> list[Gap]:
    visible = viewer.visible_accounts()
    rows = ConfigGap.objects.filter(until=None)
    if visible is not None:
        rows = rows.filter(account__in=visible)
    return [Gap(row) for row in rows.order_by("account", "region", "reason")]


class Knowledge:
    """Loaded once, then asked of many resources."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._gaps: dict[tuple[str, str], list[Gap]] = {}
        for row in ConfigGap.objects.filter(until=None):
            self._gaps.setdefault((row.account, row.region), []).append(Gap(row))

    def why_unsure(
        self, account: str, region: str, type_: str, seen_at: datetime | None
    ) -> str:
        """Why what is known of a resource may not be so any more, in a sentence; ""
        where it can be relied on: AWS Config records it as it changes, or we looked
        ourselves within half an hour (`seen_at` of its row)."""
        if seen_at is not None and self._now - seen_at <= _FRESH:
            return ""
        gaps = self._gaps.get((account, region), ())
        return next(
            (gap.says for gap in gaps if gap.concerns(account, region, type_)), ""
        )
