"""AWS Config of every account: recorder, channel, items, rules and remediation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.config.channels import Channels
from sandbox.config.compliance import Compliance
from sandbox.config.evaluating import Evaluating
from sandbox.config.inventory import Inventory
from sandbox.config.items import Item
from sandbox.config.recorders import Recorders
from sandbox.config.recording import Recording
from sandbox.config.remediation import Remediation
from sandbox.config.rules import Rules
from sandbox.config.state import Place, PlaceKey, Store
from sandbox.kernel.calls import Handler
from sandbox.kernel.cloud import Cloud


class Config:
    """AWS Config."""

    name = "config"
    from_moto: frozenset[str] = frozenset()

    def __init__(self, cloud: Cloud) -> None:
        self._store = Store()
        self._channels = Channels(cloud, self._store)
        self._recording = Recording(cloud, self._store, self._changed)
        self._evaluating = Evaluating(
            cloud, self._store, self._channels, self._recording
        )
        remediation = Remediation(cloud, self._store)
        self._evaluating.failing = remediation.failing
        rules = Rules(cloud, self._store, self._channels, self._evaluating)
        self.operations: Mapping[str, Handler] = {
            **Recorders(self._store, self._recording.started).operations,
            **self._channels.operations,
            **Inventory(self._store).operations,
            **rules.operations,
            **Compliance(self._store).operations,
            **remediation.operations,
        }

    def _changed(
        self, place: Place, before: Item | None, item: Item, now: float
    ) -> None:
        self._channels.tell_change(place, before, item, now)
        self._evaluating.item_changed(place, before, item, now)

    def write_history(self, place: PlaceKey, items: Iterable[Item]) -> None:
        """Add items of the past, without telling anyone; each resource's stay in order
        of capture. `state_id` orders items of one moment."""
        held = self._store.at(place)
        with self._store.lock:
            for item in items:
                held.history.setdefault(item.found.key, []).append(item)
                held.last_state_id = max(held.last_state_id, item.state_id)
            for history in held.history.values():
                history.sort(key=lambda item: (item.captured, item.state_id))
