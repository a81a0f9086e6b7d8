"""Finding log groups: by their name, place and how they are collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, F, OrderBy, Q, QuerySet, Sum

from apps.discovery.accounts import Viewer
from apps.monitoring.logs.prices import INFREQUENT, Prices
from apps.monitoring.logs.standing import is_collected, is_failing
from apps.monitoring.models import LogGroup

MAX_WORDS = 8
_LONGEST = 200


class Look(StrEnum):
    """Which of the groups are listed."""

    ALL = ""
    COLLECTED = "collected"
    NOT = "not-collected"
    PROBLEM = "problem"
    FOREVER = "never-expires"
    GONE = "gone"


def _down(field: str) -> OrderBy:
    return F(field).desc(nulls_last=True)


def _up(field: str) -> OrderBy:
    return F(field).asc(nulls_last=True)


ORDERS: Mapping[str, OrderBy] = {
    "name": _up("name"),
    "-name": _down("name"),
    "size": _up("stored_bytes"),
    "-size": _down("stored_bytes"),
    "daily": _up("daily_bytes"),
    "-daily": _down("daily_bytes"),
    "last": _up("last_event_at"),
    "-last": _down("last_event_at"),
    "account": _up("account"),
    "-account": _down("account"),
    "region": _up("region"),
    "-region": _down("region"),
}


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list of log groups asks for; empty parts ask for everything.

    `words`: each must stand in the name, in any case.
    """

    words: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    look: Look = Look.ALL
    order: str = "name"

    @classmethod
    def read(
        cls, asked: Mapping[str, str], accounts: list[str], regions: list[str]
    ) -> Sought:
        """From the parameters of a URL; what it cannot mean is left out."""
        text = asked.get("q", "")[:_LONGEST].replace("\0", "")
        state, order = asked.get("state", ""), asked.get("order", "")
        return cls(
            tuple(text.split()[:MAX_WORDS]),
            tuple(one for one in accounts if "\0" not in one),
            tuple(one for one in regions if "\0" not in one),
            Look(state) if state in list(Look) else Look.ALL,
            order if order in ORDERS else "name",
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Of all groups that are there: how many, how much, for what; and how many there
    are to look at. `measured`: of how many it is known how much comes in a day."""

    counts: Mapping[Look, int]
    stored_bytes: int
    daily_bytes: float
    measured: int
    storage_dollars: float
    ingestion_dollars: float

    @property
    def many(self) -> int:
        return self.counts[Look.ALL]


def found(sought: Sought, viewer: Viewer) -> QuerySet[LogGroup]:
    """The groups of words and places that may be seen, in no order."""
    rows = LogGroup.objects.visible_to(viewer).order_by()
    if sought.accounts:
        rows = rows.filter(account__in=sought.accounts)
    if sought.regions:
        rows = rows.filter(region__in=sought.regions)
    for word in sought.words:
        rows = rows.filter(name__icontains=word)
    return rows


def listed(sought: Sought, viewer: Viewer, now: datetime) -> QuerySet[LogGroup]:
    """The groups to look at, in their order."""
    rows = found(sought, viewer).filter(_looks(now)[sought.look])
    return rows.order_by(ORDERS[sought.order], "name", "pk")


def _looks(now: datetime) -> dict[Look, Q]:
    there, collected = Q(gone_at=None), is_collected(now)
    return {
        Look.ALL: there,
        Look.COLLECTED: there & collected,
        # Not a plain NOT: of a group that was never polled nothing is known to SQL.
        Look.NOT: there & ~Q(pk__in=LogGroup.objects.filter(collected).values("pk")),
        Look.PROBLEM: there & is_failing(now),
        Look.FOREVER: there & Q(retention_days=None),
        Look.GONE: Q(gone_at__isnull=False),
    }


def totals(sought: Sought, viewer: Viewer, prices: Prices, now: datetime) -> Totals:
    """In one statement, whatever is looked at."""
    there, cheap = Q(gone_at=None), Q(group_class=INFREQUENT)
    looks = _looks(now)
    counts = {
        f"look_{at}": Count("pk", filter=looks[look])
        for at, look in enumerate(Look)
        if look is not Look.NOT
    }
    said = found(sought, viewer).aggregate(
        **counts,
        stored=Sum("stored_bytes", filter=there),
        daily=Sum("daily_bytes", filter=there & ~cheap),
        daily_cheap=Sum("daily_bytes", filter=there & cheap),
        measured=Count("daily_bytes", filter=there),
    )
    by_look = {look: said.get(f"look_{at}", 0) for at, look in enumerate(Look)}
    by_look[Look.NOT] = by_look[Look.ALL] - by_look[Look.COLLECTED]
    stored, daily = said["stored"] or 0, said["daily"] or 0.0
    daily_cheap = said["daily_cheap"] or 0.0
    return Totals(
        by_look,
        stored,
        daily + daily_cheap,
        said["measured"],
        prices.storage(stored),
        prices.ingestion(daily) + prices.ingestion(daily_cheap, INFREQUENT),
    )
