"""Envelopes of subscription filters into the store, whoever brought them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q

from apps.discovery.leases import Clock
from apps.monitoring.logs.delivery import Delivery
from apps.monitoring.logs.envelopes import Envelope
from apps.monitoring.logs.intake import Twins
from apps.monitoring.logs.lines import LogLine
from apps.monitoring.models import LogGroup, LogSource
from apps.search.engines.base import DocumentEngine
from apps.search.gunzip import InflateError
from apps.search.intake import Broken, Tally
from apps.search.timerange import from_milliseconds

# How exactly it is kept when a group was last delivered.
_NOTED_EVERY = timedelta(minutes=1)
_LINES_AT_ONCE = 1_000
Place = tuple[str, str, str]


class Receiver:
    """Takes what came to a source. Nothing counts before `commit` returns."""

    def __init__(self, source: LogSource, engine: DocumentEngine, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._delivery = Delivery(engine, clock, source.pk)
        self._groups: set[Place] = set()
        self._newest_ms = 0

    def take(self, origin: str, found: Iterable[Envelope | Broken]) -> None:
        """Envelopes of an origin such as `kinesis://STREAM/SHARD/SEQUENCE`. Raises
        EngineUnavailable."""
        for one in found:
            if isinstance(one, Broken):
                self._delivery.refuse(origin, one)
            elif not one.is_control:
                self._take(origin, one)

    def take_lines(self, origin: str, found: Iterable[LogLine | Broken]) -> None:
        """Lines that are known to be of this source's own. Raises EngineUnavailable,
        and InflateError once what came before the damage was taken."""
        waiting: list[LogLine] = []
        twins = Twins()
        try:
            for one in found:
                if isinstance(one, Broken):
                    self._delivery.refuse(origin, one)
                else:
                    waiting.append(one)
                if len(waiting) >= _LINES_AT_ONCE:
                    self._keep(origin, waiting, twins)
                    waiting.clear()
        except InflateError:
            self._keep(origin, waiting, twins)
            raise
        self._keep(origin, waiting, twins)

    def commit(self) -> None:
        """Make everything durable, then note it. Raises EngineUnavailable."""
        self._delivery.commit()
        now = self._clock()
        _note_groups(self._groups, now)
        self._groups.clear()
        self._note_source()

    def _take(self, origin: str, one: Envelope) -> None:
        if not self._source.delivers_for(one.owner):
            reason = (
                f"lines of account {one.owner[:20]}, for which {self._source} may not "
                "deliver. Add the account to the source if it is yours"
            )
            self._delivery.refuse(origin, Broken(0, reason, b""))
            return
        for broken in one.broken:
            self._delivery.refuse(origin, broken)
        place = (one.owner, self._source.region, one.group)
        lines = [
            LogLine(
                *place,
                one.stream,
                event.timestamp_ms,
                event.message,
                event_id=event.id,
            )
            for event in one.events
        ]
        self._keep(origin, lines)

    def _keep(
        self, origin: str, lines: Sequence[LogLine], twins: Twins | None = None
    ) -> None:
        self._delivery.take(origin, lines, twins)
        self._groups |= {(one.account, one.region, one.group) for one in lines}
        times = [one.timestamp_ms for one in lines]
        self._newest_ms = max([self._newest_ms, *times])

    def _note_source(self) -> None:
        tally, self._delivery.tally = self._delivery.tally, Tally()
        rows = LogSource.objects.filter(pk=self._source.pk)
        rows.update(
            lines=F("lines") + tally.new,
            already_there=F("already_there") + tally.already_there,
            quarantined=F("quarantined") + tally.quarantined,
        )
        if self._newest_ms:
            newest = from_milliseconds(self._newest_ms)
            older = Q(newest_at=None) | Q(newest_at__lt=newest)
            rows.filter(older).update(newest_at=newest)


def _note_groups(places: Iterable[Place], now: datetime) -> None:
    """Groups that lines were delivered of, whether or not they were listed yet."""
    for account, region, name in places:
        group, _ = LogGroup.objects.get_or_create(
            account=account, region=region, name=name, defaults={"found_at": now}
        )
        if group.delivered_at is None or now - group.delivered_at >= _NOTED_EVERY:
            LogGroup.objects.filter(pk=group.pk).update(delivered_at=now)
