"""Counts, trend and time to fix of violations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from apps.audit.compliance.listing import SEVERITIES, service_of
from apps.audit.compliance.violations import DELETED, PASSED
from apps.audit.models import Violation

_MOST_FIXED = 20_000


@dataclass(frozen=True, slots=True)
class Share:
    """How many violations something has; `worst` of them are critical or high."""

    key: str
    label: str
    count: int
    worst: int = 0
    of_most: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """A day in UTC: what came, what went, and what was open at its end."""

    day: date
    opened: int
    resolved: int
    open: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """How long violations stood until they were mended."""

    key: str
    count: int
    median: timedelta
    p90: timedelta


def by_severity(rows: QuerySet[Violation]) -> list[Share]:
    found = _counted(rows, "rule__severity")
    return [Share(one, one.title(), found.get(one, 0)) for one in SEVERITIES]


def by_account(rows: QuerySet[Violation]) -> list[Share]:
    return _shares(rows, "account", lambda key: key)


def by_owner(rows: QuerySet[Violation]) -> list[Share]:
    return _shares(rows, "owner", lambda key: key)


def by_rule(rows: QuerySet[Violation]) -> list[Share]:
    return _shares(rows, "rule__slug", lambda key: key, "rule__title")


def by_service(rows: QuerySet[Violation]) -> list[Share]:
    return _shares(rows, "resource__type", service_of)


def by_pack(rows: QuerySet[Violation]) -> list[Share]:
    inside = rows.exclude(rule__in_packs=None)
    return _shares(
        inside,
        "rule__in_packs__pack__slug",
        lambda key: key,
        "rule__in_packs__pack__title",
    )


def _counted(rows: QuerySet[Violation], field: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(field).annotate(Count("pk")))


def _shares(
    rows: QuerySet[Violation],
    field: str,
    folded: Callable[[str], str],
    label: str = "",
) -> list[Share]:
    """Counts, the greatest first."""
    fields = (field, label or field, "rule__severity")
    counts: Counter[str] = Counter()
    worst: Counter[str] = Counter()
    labels: dict[str, str] = {}
    grouped = rows.order_by().values_list(*dict.fromkeys(fields))
    for *told, count in grouped.annotate(Count("pk", distinct=True)):
        key = folded(told[0])
        labels[key] = told[1] if label else key
        counts[key] += count
        if told[-1] in SEVERITIES[:2]:
            worst[key] += count
    most = max(counts.values(), default=0)
    return [
        Share(key, labels[key], count, worst[key], round(1_000 * count / most))
        for key, count in counts.most_common()
    ]


def trend(rows: QuerySet[Violation], now: datetime, days: int) -> list[Day]:
    """Each day up to today; exempt ones count, since they are not mended."""
    first = now.date() - timedelta(days=days - 1)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
        days=days - 1
    )
    rows = rows.order_by()
    before = rows.filter(opened_at__lt=since)
    standing = before.filter(resolved_at=None).count()
    standing += before.filter(resolved_at__gte=since).count()
    opened = _by_day(rows.filter(opened_at__gte=since), "opened_at")
    resolved = _by_day(rows.filter(resolved_at__gte=since), "resolved_at")
    found = []
    for number in range(days):
        day = first + timedelta(days=number)
        came, went = opened.get(day, 0), resolved.get(day, 0)
        standing += came - went
        found.append(Day(day, came, went, standing))
    return found


def _by_day(rows: QuerySet[Violation], field: str) -> dict[date, int]:
    return dict(
        rows.annotate(day=TruncDate(field)).values_list("day").annotate(Count("pk"))
    )


def time_to_fix(
    rows: QuerySet[Violation], now: datetime, days: int
) -> Mapping[str, Sequence[Fixed]]:
    """Of what was mended in these days: in all, and by team, account and rule."""
    mended = rows.order_by("-resolved_at").filter(
        resolved_at__gte=now - timedelta(days=days), resolution__in=(PASSED, DELETED)
    )
    told = list(
        mended.values_list(
            "owner", "account", "rule__slug", "opened_at", "resolved_at"
        )[:_MOST_FIXED]
    )
    return {
        "all": _fixed(("", since, until) for *_, since, until in told),
        "team": _fixed((team, since, until) for team, _, _, since, until in told),
        "account": _fixed((one, since, until) for _, one, _, since, until in told),
        "rule": _fixed((rule, since, until) for _, _, rule, since, until in told),
    }


def _fixed(told: Iterable[tuple[str, datetime, datetime | None]]) -> list[Fixed]:
    lengths: defaultdict[str, list[timedelta]] = defaultdict(list)
    for key, since, until in told:
        if until is not None:
            lengths[key].append(until - since)
    found = [
        Fixed(key, len(some), quantile(sorted(some), 0.5), quantile(sorted(some), 0.9))
        for key, some in lengths.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.key))


def quantile(lengths: Sequence[timedelta], share: float) -> timedelta:
    """By nearest rank, of lengths in order: always one that really was."""
    return lengths[max(0, ceil(share * len(lengths)) - 1)]
