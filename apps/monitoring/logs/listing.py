"""Log groups as lists show them: on the page, as CSV and over REST."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings

from apps.discovery.accounts import Viewer
from apps.monitoring.logs.prices import Prices
from apps.monitoring.logs.standing import Standing, Standings
from apps.monitoring.models import LogGroup
from apps.search.exporting import safe_text
from apps.search.timerange import rfc3339

_AT_ONCE = 1_000
_CSV = (
    "group", "account", "region", "class", "stored_bytes", "retention_days",
    "storage_dollars_a_month", "incoming_bytes_a_day", "ingestion_dollars_a_month",
    "collected", "last_event_at", "lag_seconds", "problem",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A log group with how it stands and what AWS charges for it a month, in dollars;
    `ingestion` is None where it is not known how much comes in."""

    group: LogGroup
    standing: Standing
    storage: float
    ingestion: float | None


def prices() -> Prices:
    """What the settings say that is paid."""
    return Prices(settings.LOG_PRICE_INGESTED_GB, settings.LOG_PRICE_STORED_GB)


def rows(groups: Sequence[LogGroup], standings: Standings) -> list[Row]:
    """In the order of the groups, whose polls should be there already."""
    found, paid = standings.of(groups), prices()
    return [_row(group, found[group.pk], paid) for group in groups]


def _row(group: LogGroup, standing: Standing, paid: Prices) -> Row:
    daily = group.daily_bytes
    return Row(
        group,
        standing,
        paid.storage(group.stored_bytes),
        None if daily is None else paid.ingestion(daily, group.group_class),
    )


def csv_lines(
    groups: Iterable[LogGroup], viewer: Viewer, now: datetime
) -> Iterator[bytes]:
    """A table of any number of groups, in pieces."""
    standings = Standings(viewer, now)
    yield _lines([_CSV])
    waiting = iter(groups)
    while some := list(islice(waiting, _AT_ONCE)):
        yield _lines([_cells(row) for row in rows(some, standings)])


def _cells(row: Row) -> list[Any]:
    group, standing = row.group, row.standing
    lag = standing.lag
    return [
        safe_text(group.name),
        safe_text(group.account),
        safe_text(group.region),
        safe_text(group.group_class),
        group.stored_bytes,
        group.retention_days,
        round(row.storage, 4),
        group.daily_bytes,
        None if row.ingestion is None else round(row.ingestion, 4),
        safe_text(", ".join(way.text for way in standing.ways)) or "no",
        group.last_event_at and rfc3339(group.last_event_at),
        None if lag is None else round(lag.total_seconds()),
        safe_text(standing.trouble.problem),
    ]


def _lines(cells: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(cells)
    return text.getvalue().encode("utf-8", "backslashreplace")
