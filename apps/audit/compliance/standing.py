"""Where what is known of resources is no longer kept up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.audit.models import ConfigScope
from apps.discovery.inventory.items import ConfigItem, ItemSource


@dataclass(frozen=True, slots=True)
class Gaps:
    """Why AWS Config tells nothing new, by account and region."""

    why: Mapping[tuple[str, str], str]

    def of(self, item: ConfigItem) -> str:
        """Why the item may no longer hold, in a sentence; "" where nothing says so.

        What we read ourselves does not depend on Config.
        """
        if item.source is ItemSource.SCANNER or not self.why:
            return ""
        gap = self.why.get((item.key.account, item.key.region), "")
        if not gap:
            return ""
        return (
            f"{gap} What is known is stale: of {item.captured_at:%Y-%m-%d %H:%M} UTC."
        )


def gaps() -> Gaps:
    rows = ConfigScope.objects.exclude(gap="")
    return Gaps({(row.account_id, row.region): row.gap for row in rows})
