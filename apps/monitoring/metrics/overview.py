"""What is known of collecting metrics: how far each account and region is read, and
what that costs today. For the page and for REST."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min, Q, Sum

from apps.discovery.accounts import Viewer
from apps.discovery.models import Account
from apps.monitoring.metrics.interest import WATCHED_SECONDS
from apps.monitoring.metrics.prices import dollars
from apps.monitoring.metrics.spending import (
    BACKGROUND,
    budget_of,
    day_of,
    limit_of,
    midnight_after,
)
from apps.monitoring.models import (
    Dashboard,
    MetricDay,
    MetricOutage,
    MetricPlan,
    MetricScope,
    MetricSpend,
    SeriesReading,
)

_OUTAGES_OF = timedelta(days=7)
_OUTAGES_SHOWN, _PROBLEMS_SHOWN, _SHARES_SHOWN = 20, 5, 12


@dataclass(frozen=True, slots=True)
class Counts:
    """Series of a scope: all, asked each minute, and with a problem of their own;
    the newest minute read of any, and of the one that is furthest behind."""

    series: int = 0
    watched: int = 0
    failing: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Region:
    scope: MetricScope
    counts: Counts
    behind: timedelta | None
    problems: Sequence[str]
    outages: Sequence[MetricOutage]


@dataclass(frozen=True, slots=True)
class Share:
    """Billed metrics of today of a namespace, or of somebody who wanted them."""

    name: str
    billed: float
    dollars: float
    percent: float


@dataclass(frozen=True, slots=True)
class Today:
    """What was spent since midnight UTC, and what may be."""

    billed: int
    calls: int
    dollars: float
    budget_dollars: float
    limit: int
    resumes_at: datetime
    by_namespace: Sequence[Share]
    by_who: Sequence[Share]

    @property
    def is_used_up(self) -> bool:
        return self.billed >= self.limit

    @property
    def percent(self) -> float:
        return min(100.0, 100 * self.billed / self.limit) if self.limit else 100.0


@dataclass(frozen=True, slots=True)
class Collected:
    """An account; `state` is one of paused, failing, works, requested."""

    account: Account
    plan: MetricPlan
    regions: Sequence[Region]
    today: Today

    @property
    def state(self) -> str:
        scopes = [one.scope for one in self.regions if one.scope.is_enabled]
        if self.plan.is_paused:
            return "paused"
        if any(one.listing_problem or one.reading_problem for one in scopes):
            return "failing"
        return "works" if any(one.read_at for one in scopes) else "requested"

    @property
    def stretch(self) -> int:
        return max((one.scope.stretch for one in self.regions), default=1)

    @property
    def excluded(self) -> list[str]:
        return [one.namespace for one in self.plan.exclusions.all()]


def collected(viewer: Viewer, now: datetime) -> list[Collected]:
    """Every account that is collected from and that a person may see, in eight
    statements whatever their number."""
    plans = MetricPlan.objects.select_related("account").prefetch_related("exclusions")
    visible = viewer.visible_accounts()
    if visible is not None:
        plans = plans.filter(account__in=visible)
    numbers = [plan.account_id for plan in plans]
    regions = _regions(numbers, now)
    days = _days(numbers, now)
    spends = _spends(numbers, now)
    return [
        Collected(
            plan.account,
            plan,
            regions.get(plan.account_id, []),
            _today(plan, days.get(plan.account_id), spends, now),
        )
        for plan in plans.order_by("account")
    ]


def _regions(numbers: Sequence[str], now: datetime) -> dict[str, list[Region]]:
    scopes = MetricScope.objects.filter(account__in=numbers)
    counts, problems = _counts(numbers), _problems(numbers)
    outages: dict[int, list[MetricOutage]] = {}
    recent = MetricOutage.objects.filter(
        scope__account__in=numbers, until__gt=now - _OUTAGES_OF
    )
    for outage in recent:
        outages.setdefault(outage.scope_id, []).append(outage)
    found: dict[str, list[Region]] = {}
    for scope in scopes:
        count = counts.get(scope.pk, Counts())
        region = Region(
            scope,
            count,
            now - count.oldest if count.oldest else None,
            problems.get(scope.pk, []),
            outages.get(scope.pk, [])[:_OUTAGES_SHOWN],
        )
        found.setdefault(scope.account_id, []).append(region)
    return found


def _counts(numbers: Sequence[str]) -> dict[int, Counts]:
    rows = (
        SeriesReading.objects.filter(scope__account__in=numbers)
        .values("scope")
        .annotate(
            series=Count("pk"),
            watched=Count("pk", filter=Q(every_seconds=WATCHED_SECONDS)),
            failing=Count("pk", filter=~Q(problem="")),
            newest=Max("read_until"),
            oldest=Min("read_until"),
        )
        .order_by()
    )
    return {
        row["scope"]: Counts(
            row["series"],
            row["watched"],
            row["failing"],
            _moment(row["newest"]),
            _moment(row["oldest"]),
        )
        for row in rows
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _problems(numbers: Sequence[str]) -> dict[int, list[str]]:
    """What CloudWatch said of single series, each once, with how many."""
    rows = (
        SeriesReading.objects.filter(scope__account__in=numbers)
        .exclude(problem="")
        .values_list("scope", "problem")
        .annotate(times=Count("pk"))
        .order_by("scope", "-times")
    )
    found: dict[int, list[str]] = {}
    for scope, problem, times in rows:
        told = found.setdefault(scope, [])
        if len(told) < _PROBLEMS_SHOWN:
            told.append(f"{times:,} series: {problem}")
    return found


def _days(numbers: Sequence[str], now: datetime) -> dict[str, MetricDay]:
    days = MetricDay.objects.filter(account__in=numbers, day=day_of(now))
    return {day.account_id: day for day in days}


def _spends(
    numbers: Sequence[str], now: datetime
) -> dict[str, list[tuple[str, str, float]]]:
    """Namespace, who, and billed metrics of today, by account."""
    rows = MetricSpend.objects.filter(account__in=numbers, day=day_of(now))
    summed = rows.values_list("account", "namespace", "by").annotate(Sum("billed"))
    shared = Dashboard.objects.filter(is_shared=True).values_list("pk", "name")
    names = {f"dashboard:{pk}": name for pk, name in shared}
    found: dict[str, list[tuple[str, str, float]]] = {}
    for account, namespace, by, billed in summed.order_by():
        told = (namespace, _who(by, names), billed)
        found.setdefault(account, []).append(told)
    return found


def _today(
    plan: MetricPlan,
    day: MetricDay | None,
    spends: Mapping[str, Sequence[tuple[str, str, float]]],
    now: datetime,
) -> Today:
    billed = day.billed if day else 0
    rows = spends.get(plan.account_id, [])
    return Today(
        billed,
        day.calls if day else 0,
        _price(billed),
        budget_of(plan),
        limit_of(plan),
        midnight_after(now),
        _shares((namespace, billed) for namespace, _, billed in rows),
        _shares((who, billed) for _, who, billed in rows),
    )


def _price(billed: float) -> float:
    return dollars(billed, settings.METRIC_PRICE_PER_1000)


def _who(by: str, boards: Mapping[str, str]) -> str:
    """Who wants what is read, as people know them; a dashboard that not everybody sees
    goes without its name."""
    if by == BACKGROUND:
        return "nobody: kept up to date in the background"
    kind, _, name = by.partition(":")
    if kind == "dashboard":
        if name.startswith("auto/"):
            return f"automatic dashboard of {name.removeprefix('auto/')}"
        return (
            f"dashboard {boards[by]}" if by in boards else "a dashboard of one person"
        )
    return name if kind == "user" else f"{kind} {name}"


def _shares(rows: Iterable[tuple[str, float]]) -> list[Share]:
    """Largest first; what is too small to be listed is one row."""
    summed: dict[str, float] = {}
    for name, billed in rows:
        summed[name] = summed.get(name, 0.0) + billed
    whole = sum(summed.values()) or 1.0
    ordered = sorted(
        ((name, billed) for name, billed in summed.items() if billed > 0),
        key=lambda one: (-one[1], one[0]),
    )
    rest = sum(billed for _, billed in ordered[_SHARES_SHOWN:])
    listed = ordered[:_SHARES_SHOWN] + ([("all others", rest)] if rest else [])
    return [
        Share(name, billed, _price(billed), 100 * billed / whole)
        for name, billed in listed
    ]
