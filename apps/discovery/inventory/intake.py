"""Configuration items into the stores: documents first, durable, then rows.

A process that dies in between leaves documents that are written once more, the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from apps.discovery.accounts import note_batch
from apps.discovery.inventory.documents import document_of
from apps.discovery.inventory.items import ConfigItem
from apps.discovery.inventory.keeping import Kept, keep
from apps.discovery.inventory.parsing import MalformedItem
from apps.discovery.kinds import CONFIG
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Broken, Intake, Portion

_MOST_PENDING = 5_000

Clock = Callable[[], datetime]


@dataclass(slots=True)
class ItemPortion(Portion):
    """Items beside their documents."""

    items: list[ConfigItem] = field(default_factory=list)


class ItemIntake(Intake):
    """Takes items into the store, with a checkpoint every few seconds, and says in
    `kept` what came of them."""

    def __init__(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None] = lambda batch: None,
        before_commit: Callable[[Batch], None] = note_batch,
        clock: Clock = timezone.now,
    ) -> None:
        self._pending: list[ConfigItem] = []
        self.kept = Kept()

        def rows_too(batch: Batch) -> None:
            pending = list(self._pending)
            self._pending.clear()
            self.kept.add(keep(pending, clock()))
            checkpoint(batch)

        super().__init__(engine.writer(CONFIG), rows_too, before_commit)

    def take(self, origin: str, portion: Portion) -> int:
        if isinstance(portion, ItemPortion):
            self._pending += portion.items
        new = super().take(origin, portion)
        if len(self._pending) >= _MOST_PENDING:
            self.commit()
        return new


def portion_of(found: Iterable[ConfigItem | MalformedItem]) -> ItemPortion:
    """Items with their documents; what is none is broken, by its number."""
    portion = ItemPortion()
    for number, one in enumerate(found):
        if isinstance(one, MalformedItem):
            excerpt = one.excerpt
            portion.broken.append(Broken(number, str(one), excerpt))
        else:
            portion.items.append(one)
            portion.add(document_of(one), number)
    return portion
