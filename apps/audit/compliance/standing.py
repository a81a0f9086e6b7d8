"""Where what is known of resources is no longer kept up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.discovery.inventory.items import ItemSource
from apps.discovery.models import ConfigGap, Resource

_Reason = ConfigGap.Reason
# What is recorded once a day is known, if late.
_BLIND = (_Reason.ABSENT, _Reason.OFF, _Reason.FAILING, _Reason.NARROWED)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where AWS Config tells nothing new, by account and region."""

    held: Mapping[tuple[str, str], Sequence[ConfigGap]]

    def of(self, resource: Resource) -> str:
        """Why the resource may no longer be as it was seen, in a sentence; "" where
        nothing says so. What we saw ourselves since does not depend on Config."""
        if resource.source == ItemSource.SCANNER:
            return ""
        for gap in self.held.get((resource.account, resource.region), ()):
            if gap.types and resource.type not in gap.types:
                continue
            if resource.seen_at is None or resource.seen_at < gap.since:
                return (
                    f"{gap.get_reason_display()} since {gap.since:%Y-%m-%d %H:%M} UTC: "
                    "what is known is stale, of "
                    f"{resource.captured_at:%Y-%m-%d %H:%M} UTC."
                )
        return ""


def gaps() -> Gaps:
    held: dict[tuple[str, str], list[ConfigGap]] = {}
    for gap in ConfigGap.objects.filter(until=None, reason__in=_BLIND):
        held.setdefault((gap.account, gap.region), []).append(gap)
    return Gaps(held)
