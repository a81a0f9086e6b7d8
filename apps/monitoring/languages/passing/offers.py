"""Where AWS could answer a question, what that would cost, and who may ask it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from apps.discovery.coverage import Interval
from apps.discovery.models import Account, User
from apps.discovery.roles import Role
from apps.monitoring.languages.asking import Asked
from apps.monitoring.languages.passing import prices, spending
from apps.monitoring.languages.passing.cloudwatch_queries import MOST_GROUPS
from apps.monitoring.languages.running import Language
from apps.monitoring.logs.covered import not_collected
from apps.monitoring.logs.switching import UNREADABLE
from apps.monitoring.models import LogGroup

# What was written so lately may still be on its way here.
_SETTLING = timedelta(minutes=5)
_MOST_NAMED = 5
_OWN_GROUPS = (
    "SOURCE chooses log groups inside the query, so its price cannot be told before: "
    "leave it out, and choose the log groups here."
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A query that AWS could answer, in one account and region.

    `refusal`: why this person cannot ask it now; "" where they can.
    """

    account: str
    account_name: str
    region: str
    groups: tuple[str, ...]
    size: prices.Estimate
    dollars: float
    most_dollars: float
    refusal: str

    @property
    def is_free(self) -> bool:
        return not self.most_dollars

    @property
    def pressed(self) -> str:
        """What agreeing to it says."""
        return f"{self.account} {self.region} {self.most_dollars}"

    @property
    def price(self) -> str:
        return prices.money(self.dollars)

    @property
    def most_price(self) -> str:
        return prices.money(self.most_dollars)


@dataclass(frozen=True, slots=True)
class Missing:
    """Chosen log groups whose lines of the asked time are not all here."""

    names: tuple[str, ...]

    @property
    def shown(self) -> Sequence[str]:
        return self.names[:_MOST_NAMED]

    @property
    def more(self) -> int:
        return max(0, len(self.names) - _MOST_NAMED)


# Where a command can begin: at the start, behind a pipe, in a subquery or join.
_SOURCE = re.compile(r"(?:^|[|(])(?:\s|#[^\n]*(?:\n|$))*source\b", re.IGNORECASE)


def names_groups(asked: Asked) -> bool:
    """Whether the query itself says what is scanned: its price cannot be told before,
    and it could reach log groups of accounts that the person does not see."""
    return _SOURCE.search(asked.query) is not None


def can_pass(asked: Asked) -> bool:
    """AWS knows two of the three languages, and wants to know the log groups."""
    return asked.language is not Language.TRAILMAP


def offers(asked: Asked, viewer: User, now: datetime) -> list[Offer]:
    """One for each account and region that has some of the chosen groups. Raises
    TimeError."""
    if not can_pass(asked) or not asked.groups:
        return []
    span = asked.state.time_range(now)
    interval = Interval(span.since, span.until)
    places: dict[tuple[str, str], list[LogGroup]] = defaultdict(list)
    for group in _chosen(asked, viewer):
        if _can_read(group, asked.language):
            places[group.account, group.region].append(group)
    accounts = Account.objects.in_bulk([account for account, _ in places])
    return [
        _offer(accounts.get(place[0]), asked, groups, (viewer, interval, now))
        for place, groups in sorted(places.items())
    ]


def _chosen(asked: Asked, viewer: User) -> list[LogGroup]:
    found = LogGroup.objects.visible_to(viewer).filter(
        name__in=asked.groups, gone_at=None
    )
    if asked.state.accounts:
        found = found.filter(account__in=asked.state.accounts)
    if asked.state.regions:
        found = found.filter(region__in=asked.state.regions)
    return list(found)


def _can_read(group: LogGroup, language: Language) -> bool:
    """AWS answers queries of Logs Insights over Infrequent Access, too."""
    if language is Language.INSIGHTS:
        return group.group_class != "DELIVERY"
    return group.group_class not in UNREADABLE


def _offer(
    account: Account | None,
    asked: Asked,
    groups: Sequence[LogGroup],
    asking: tuple[User, Interval, datetime],
) -> Offer:
    viewer, interval, now = asking
    number, region = groups[0].account, groups[0].region
    size = prices.estimate([_size_of(one) for one in groups], interval, now)
    is_paid = asked.language is Language.INSIGHTS
    price = settings.LOG_QUERY_PRICE_PER_GB if is_paid else 0
    most = prices.rounded_up(prices.dollars(size.most_bytes, price))
    return Offer(
        number,
        account.name if account else "",
        region,
        tuple(one.name for one in groups),
        size,
        min(most, prices.dollars(size.bytes, price)),
        most,
        (_OWN_GROUPS if names_groups(asked) else "")
        or _refusal(account, viewer, len(groups))
        or spending.why_not(number, spending.day_of(now), most),
    )


def _size_of(group: LogGroup) -> prices.GroupSize:
    since = group.created_at
    if since is not None and group.retention_days is not None and group.listed_at:
        since = max(since, group.listed_at - timedelta(days=group.retention_days))
    counted_at = group.listed_at or group.found_at
    return prices.GroupSize(group.stored_bytes, since, group.daily_bytes, counted_at)


def _refusal(account: Account | None, viewer: User, groups: int) -> str:
    if account is None or not account.is_connected:
        return "This account is not connected: AWS cannot be asked in it."
    if not viewer.rights.may(Role.OPERATOR, account.number):
        return f"Asking AWS needs the role operator in account {account.number}."
    if groups > MOST_GROUPS:
        return f"AWS queries {MOST_GROUPS} log groups at once; {groups} are chosen."
    return ""


def missing(asked: Asked, viewer: User, now: datetime) -> Missing | None:
    """Which chosen groups have times that nobody read, so that an answer from here
    may lack lines. Raises TimeError."""
    if not asked.groups:
        return None
    span = asked.state.time_range(now)
    asked_for = Interval(span.since, min(span.until, now - _SETTLING))
    if asked_for.since >= asked_for.until:
        return None
    groups = {
        group.pk: group
        for group in _chosen(asked, viewer)
        # What a subscription delivers is not read, and leaves no record of times.
        if group.delivered_at is None
    }
    gaps = not_collected(groups.values(), asked_for)
    names = sorted({groups[key].name for key in gaps})
    return Missing(tuple(names)) if names else None
