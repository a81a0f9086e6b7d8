"""CloudWatch Logs, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sandbox.kernel.calls import Handler
from sandbox.kernel.cloud import Cloud
from sandbox.logs.eventhandlers import EventHandlers
from sandbox.logs.filterhandlers import FilterHandlers
from sandbox.logs.grouphandlers import GroupHandlers
from sandbox.logs.groups import Groups, Place
from sandbox.logs.ingestion import Event, Ingestion
from sandbox.logs.metrics import MetricEmitter
from sandbox.logs.queryhandlers import QueryHandlers
from sandbox.logs.store import EventStore
from sandbox.logs.subscriptions import Subscriptions


class Logs:
    """CloudWatch Logs of every account and region."""

    name = "logs"
    from_moto: frozenset[str] = frozenset()

    def __init__(self, cloud: Cloud) -> None:
        groups = Groups()
        store = EventStore(cloud.home / "logs.sqlite3")
        ingestion = Ingestion(cloud, groups, store)
        subscriptions = Subscriptions(cloud)
        ingestion.listeners += [MetricEmitter(cloud).hear, subscriptions.hear]
        self._groups = groups
        self._ingestion = ingestion
        self.operations: Mapping[str, Handler] = {
            **GroupHandlers(cloud, groups, store).operations,
            **EventHandlers(groups, store, ingestion).operations,
            **FilterHandlers(groups, subscriptions).operations,
            **QueryHandlers(groups, store).operations,
        }

    def append(
        self,
        place: Place,
        names: tuple[str, str],
        events: Sequence[Event],
        now: float,
    ) -> None:
        """Events that happen now, from inside the sandbox: (timestamp in ms, message).

        `names` are the group's and the stream's, which are made where they are absent.
        Metric filters and subscriptions see the events.
        """
        group, stream = names
        self._groups.ensured(place, group, stream, round(now * 1_000))
        self._ingestion.append(self._groups.get(place, group), stream, events, now)

    def write_history(
        self,
        place: Place,
        names: tuple[str, str],
        events: Iterable[Event],
        ingested_ms: int | None = None,
    ) -> int:
        """Many events of the past, which no filter sees; how many there were."""
        return self._ingestion.write_history(place, names, events, ingested_ms)
