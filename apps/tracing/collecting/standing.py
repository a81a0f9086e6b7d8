"""How reading X-Ray stands, by account and region: what was read, what is missing and
why, what is sampled, and whether our map is X-Ray's. For the page and for REST."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse

from apps.discovery.accounts import Viewer
from apps.discovery.coverage import Interval, gaps
from apps.search.timerange import rfc3339
from apps.tracing.collecting.covered import covered, wanted
from apps.tracing.collecting.sampling import Rule, rules_of
from apps.tracing.collecting.spending import spent_today
from apps.tracing.collecting.windows import SETTLE
from apps.tracing.models import (
    GraphCheck,
    TraceGroup,
    TraceReread,
    TraceScope,
    TraceWindow,
)

LATE = timedelta(minutes=3)
"""Reading is late once the newest minutes are missing for so long."""
_SLOW = timedelta(minutes=10)
"""The same once something is on its way."""
_UNASKED = timedelta(minutes=5)
_MILLION = 1_000_000
_GAPS = 5
_ACTIONS = (
    "BatchGetTraces",
    "GetTraceSummaries",
    "GetServiceGraph",
    "GetSamplingRules",
    "GetGroups",
    "GetTraceSegmentDestination",
)
Rank = TraceReread.Rank


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, since when, and the next step."""

    problem: str
    cure: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch that was read, drawn on 1,000 units."""

    stretch: Interval
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Side:
    """An edge of a comparison, and what each map counts there."""

    source: str
    target: str
    is_async: bool
    ours: dict[str, int]
    theirs: dict[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """Our map of ten minutes held against X-Ray's."""

    row: GraphCheck
    map_url: str
    differences: Sequence[Side]

    @property
    def edges(self) -> int:
        return self.row.equal + self.row.differing

    @property
    def is_good(self) -> bool:
        return not (self.row.problem or self.row.differing or self.row.kept_differing)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Traces that X-Ray listed: to be fetched, in progress, not handed out any more."""

    to_fetch: int = 0
    in_progress: int = 0
    lost: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """`state` is one of off, failing, requested, late, catching up, works."""

    row: TraceScope
    state: str
    asked: Interval | None
    read: Sequence[Interval]
    missing: Sequence[Interval]
    waiting: Waiting
    windows: Sequence[TraceWindow]
    calls_today: int
    charged_today: int
    troubles: Sequence[Trouble]
    rules: Sequence[Rule]
    groups: Sequence[TraceGroup]
    check: Check | None = None
    bars: Sequence[Bar] = field(default_factory=tuple)

    @property
    def dollars_today(self) -> float:
        return self.charged_today / _MILLION * float(settings.TRACE_PRICE_PER_MILLION)

    @property
    def read_until(self) -> datetime | None:
        return self.read[-1].until if self.read else None

    @property
    def newest_missing(self) -> Sequence[Interval]:
        return self.missing[: -_GAPS - 1 : -1]

    @property
    def more_missing(self) -> int:
        return max(0, len(self.missing) - _GAPS)

    @property
    def is_sampled(self) -> bool:
        return any(not rule.traces_everything for rule in self.rules)


def standings(viewer: Viewer, now: datetime) -> list[Standing]:
    """Every scope of accounts that a person may see."""
    rows = TraceScope.objects.visible_to(viewer).select_related("account")
    return [standing_of(row, now) for row in rows]


def standing_of(row: TraceScope, now: datetime) -> Standing:
    read, asked = covered(row), wanted(row, now)
    is_on = row.is_enabled and asked is not None
    missing = gaps(read, asked) if asked and is_on else []
    # The newest seconds wait for their turn, which is no gap.
    if missing and asked and missing[-1].until == asked.until:
        edge = missing[-1]
        missing = missing if now - edge.since > LATE else missing[:-1]
    waiting = _waiting(row)
    calls, charged = spent_today(row, now)
    troubles = list(_troubles(row, missing, waiting, now)) if row.is_enabled else []
    return Standing(
        row,
        _state(row, missing, waiting, now),
        asked if is_on else None,
        read,
        missing,
        waiting,
        list(row.windows.all()),
        calls,
        charged,
        troubles,
        rules_of(row.account_id, row.region),
        list(row.groups.all()),
        _last_check(row),
        _bars(read, asked) if asked and is_on else (),
    )


def _state(
    row: TraceScope, missing: Sequence[Interval], waiting: Waiting, now: datetime
) -> str:
    if not row.is_enabled:
        return "off"
    if row.problem or not row.account.is_connected:
        return "failing"
    if row.succeeded_at is None:
        return "requested"
    if _is_late(row, missing, now):
        return "late"
    return "catching up" if missing or waiting.to_fetch else "works"


def _is_late(row: TraceScope, missing: Sequence[Interval], now: datetime) -> bool:
    """Whether the newest minutes are missing, and nobody is about to bring them."""
    if not missing or missing[-1].until < now - SETTLE - timedelta(seconds=1):
        return False
    begun = [one.begun_at for one in row.windows.filter(kind=TraceWindow.Kind.NEW)]
    return not begun or max(begun) < now - LATE or min(begun) < now - _SLOW


def _waiting(row: TraceScope) -> Waiting:
    is_due = Q(due_at__isnull=False)
    counts = TraceReread.objects.filter(scope=row).aggregate(
        to_fetch=Count("pk", filter=is_due & Q(rank__in=(Rank.NEW, Rank.PAST))),
        in_progress=Count("pk", filter=is_due & Q(rank=Rank.OPEN)),
        lost=Count("pk", filter=~is_due & Q(attempts__gt=0)),
        cut=Count("pk", filter=Q(is_cut=True)),
    )
    return Waiting(**counts)


def _troubles(
    row: TraceScope, missing: Sequence[Interval], waiting: Waiting, now: datetime
) -> Any:
    if not row.account.is_connected:
        why = row.account.problem or "nobody has connected it yet."
        yield Trouble(
            f"Account {row.account} is not connected: {why}",
            "The page of the account shows what its role needs.",
        )
    elif row.problem:
        yield Trouble(row.problem, cure_of(row.problem), row.problem_since)
    elif _is_late(row, missing, now):
        yield _lateness(row, missing[-1], now)
    if row.has_transaction_search or waiting.lost:
        yield _not_handed_out(row, waiting)
    if row.settings_problem:
        what = "Sampling rules and groups are not up to date."
        yield Trouble(f"{what} {row.settings_problem}", cure_of(row.settings_problem))
    if waiting.cut:
        yield Trouble(
            f"{waiting.cut:,} traces are larger than the 500 KB that X-Ray keeps: what "
            "is stored of them is not whole.",
            "Record fewer subsegments, or split the work into several traces.",
        )


def _lateness(row: TraceScope, edge: Interval, now: datetime) -> Trouble:
    what = f"Nothing since {edge.since:%Y-%m-%d %H:%M} UTC is read yet."
    if row.read_at is None or now - row.read_at > _UNASKED:
        return Trouble(
            what, "Look whether the worker runs: Trailmap's command doctor says so."
        )
    return Trouble(
        what,
        "There is more to read than X-Ray hands out in time; it goes on by itself.",
    )


def _not_handed_out(row: TraceScope, waiting: Waiting) -> Trouble:
    cure = (
        "In the console of CloudWatch, under Transaction Search, raise the share of "
        "spans that are indexed, or send X-Ray's segments to X-Ray."
    )
    lost = f"{waiting.lost:,} traces were listed and could not be fetched."
    if not row.has_transaction_search:
        return Trouble(f"X-Ray lists traces that it does not hand out. {lost}", cure)
    search = (
        "Transaction Search keeps spans in CloudWatch Logs: X-Ray knows only those "
        "that are indexed, and the map counts no others."
    )
    return Trouble(f"{search} {lost}" if waiting.lost else search, cure)


def cure_of(problem: str) -> str:
    """What to do about something that AWS said, with the permission by its name."""
    if "Denied" in problem or "NotAuthorized" in problem:
        action = next((one for one in _ACTIONS if _snake(one) in problem), "")
        named = f"xray:{action}" if action else "what docs/iam.md lists for X-Ray"
        return (
            f"Allow {named} to the role that Trailmap uses; docs/iam.md has the whole "
            "policy. It is tried again by itself."
        )
    if "Throttl" in problem or "Rate exceeded" in problem:
        return (
            "Others ask X-Ray of this account as well, and AWS limits all of them "
            "together. It goes on by itself."
        )
    return "It is tried again by itself; what was missed is read then."


def _snake(action: str) -> str:
    """GetGroups as botocore calls it, get_groups."""
    letters = (f"_{one.lower()}" if one.isupper() else one for one in action)
    return "".join(letters).lstrip("_")


def _bars(read: Sequence[Interval], asked: Interval) -> list[Bar]:
    length = asked.until - asked.since
    bars = []
    for one in read:
        since, until = max(one.since, asked.since), min(one.until, asked.until)
        if since < until:
            x = round(1_000 * ((since - asked.since) / length))
            end = round(1_000 * ((until - asked.since) / length))
            bars.append(Bar(Interval(since, until), x, max(1, end - x)))
    return bars


def _last_check(row: TraceScope) -> Check | None:
    found = row.checks.order_by("-checked_at").first()
    if found is None:
        return None
    time = {"since": rfc3339(found.since), "until": rfc3339(found.until)}
    return Check(
        found,
        f"{reverse('service-map')}?{urlencode(time)}",
        [
            Side(
                _name(one["source"]),
                _name(one["target"]),
                one["is_async"],
                one["ours"],
                one["theirs"],
            )
            for one in found.differences
        ],
    )


def _name(key: Sequence[str]) -> str:
    _, kind, name = key
    return f"{name} ({kind})" if kind else name
