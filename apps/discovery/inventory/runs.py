"""What the parts of a run over a source share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.discovery.accounts import target
from apps.discovery.aws import Target
from apps.discovery.inventory.intake import ItemIntake, portion_of
from apps.discovery.inventory.items import ConfigItem, ItemSource, ResourceKey
from apps.discovery.inventory.keeping import differs
from apps.discovery.inventory.parsing import MalformedItem, Place, parse_items
from apps.discovery.leases import Lease
from apps.discovery.models import ConfigSource, Resource, ResourceItem
from apps.search import quarantine
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch
from apps.search.quarantine import Reading

GLOBAL = "global"


class Run:
    """A run over a claimed source. `problems` are what was left undone on the way."""

    def __init__(
        self,
        source: ConfigSource,
        lease: Lease[ConfigSource],
        engine: DocumentEngine,
        clock: Callable[[], datetime],
    ) -> None:
        self.source = source
        self.lease = lease
        self.clock = clock
        self.now = clock()
        self.intake = ItemIntake(engine, self._checkpoint, clock=clock)
        self.problems: list[str] = []

    @property
    def here(self) -> Target:
        return target(self.source.account, self.source.region)

    @property
    def rows(self) -> Any:
        """Resources of this place, those of no region included."""
        return Resource.objects.filter(
            account=self.source.account_id, region__in=(self.source.region, GLOBAL)
        )

    @property
    def has_backlog(self) -> bool:
        """Whether the past of some resources was not asked for yet, where it may be."""
        if not self.source.is_recording:
            return False
        ours = self.rows.filter(items__source=ItemSource.CONFIG, past_read_at=None)
        return bool(ours.exists())

    def keep_going(self) -> None:
        """Hold on to the claim. Raises LeaseLost."""
        self.lease.keep(self.clock())

    def place(self, source: ItemSource = ItemSource.CONFIG) -> Place:
        return Place(self.source.account_id, self.source.region, source)

    def take(
        self, origin: str, records: Iterable[Mapping[str, Any]], place: Place
    ) -> None:
        """Items of AWS Config that are not kept yet."""
        self.take_items(origin, parse_items(records, place))

    def take_items(
        self, origin: str, found: Iterable[ConfigItem | MalformedItem]
    ) -> None:
        told = list(found)
        items = [one for one in told if isinstance(one, ConfigItem)]
        broken = [one for one in told if isinstance(one, MalformedItem)]
        self.intake.take(origin, portion_of([*not_kept(items), *broken]))
        self.keep_going()

    def take_looks(self, origin: str, items: list[ConfigItem]) -> None:
        """Looks of our own; those that saw nothing new become no document."""
        same = unchanged(items)
        portion = portion_of(one for one in items if one.key not in same)
        portion.items += [one for one in items if one.key in same]
        self.intake.take(origin, portion)
        self.keep_going()

    def _checkpoint(self, batch: Batch) -> None:
        reading = Reading("config", self.source.pk)
        quarantine.note(batch, self.clock(), reading)
        self.keep_going()


def not_kept(items: list[ConfigItem]) -> list[ConfigItem]:
    """Those that are not in the rows, or only in part."""
    known: set[tuple[Any, ...]] = set()
    ids = list({item.key.id for item in items})
    for start in range(0, len(ids), 500):
        rows = ResourceItem.objects.filter(
            resource__resource_id__in=ids[start : start + 500]
        )
        known.update(
            rows.values_list(
                "resource__account",
                "resource__region",
                "resource__type",
                "resource__resource_id",
                "captured_at",
                "state_id",
                "is_base",
            )
        )
    return [
        item
        for item in items
        if (*item.key, item.captured_at, item.state_id, False) not in known
        and not (
            item.is_base and (*item.key, item.captured_at, item.state_id, True) in known
        )
    ]


def unchanged(items: list[ConfigItem]) -> set[ResourceKey]:
    """Resources that our own look found as our last look had."""
    rows = Resource.objects.filter(
        resource_id__in=[item.key.id for item in items], source=ItemSource.SCANNER
    )
    known = {row.key: row for row in rows}
    return {
        item.key
        for item in items
        if item.key in known and not differs(known[item.key], item)
    }


def is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - last >= every
