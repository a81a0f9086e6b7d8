"""How log groups stand: which ways their lines come in, how far behind that is, what
is wrong and what to do about it. For pages, REST and `doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from apps.discovery.accounts import Viewer
from apps.discovery.coverage import Interval, gaps
from apps.discovery.models import Account
from apps.monitoring.logs.deliverers import archives_of, source_of
from apps.monitoring.logs.switching import FIRST_REACH, UNREADABLE
from apps.monitoring.logs.windows import SETTLE
from apps.monitoring.models import (
    LogCoverage,
    LogGroup,
    LogPoll,
    LogScope,
    LogSource,
)

DELIVERED_WITHIN = timedelta(days=1)
"""A group that was delivered within that time counts as collected."""
BEHIND = timedelta(minutes=30)
"""What was not read for so long is told as a problem."""
_ACTION = "logs:FilterLogEvents"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and the next step. Both empty where all is well."""

    problem: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How lines come in: polling, subscription or archive; `source` where it is known
    who delivers them."""

    kind: str
    source: LogSource | None = None

    @property
    def text(self) -> str:
        named = f" by {self.source}" if self.source else ""
        return {
            "polling": "polled",
            "subscription": f"delivered{named}",
            "archive": f"from the bucket of {self.source}",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class Standing:
    """`lag`: how long ago the newest line could have been written that polling would
    have seen; None where the group is not polled, or was not yet."""

    ways: tuple[Way, ...] = ()
    lag: timedelta | None = None
    missing: tuple[Interval, ...] = ()
    trouble: Trouble = field(default_factory=Trouble)
    note: str = ""

    @property
    def state(self) -> str:
        """One of failing, collected, off."""
        if self.trouble.problem:
            return "failing"
        return "collected" if self.ways else "off"


def polling_of(group: LogGroup) -> LogPoll | None:
    """How a group is polled, where that is switched on."""
    poll: LogPoll | None = getattr(group, "poll", None)
    return poll if poll and poll.is_enabled else None


def visible_sources(viewer: Viewer) -> list[LogSource]:
    visible = viewer.visible_accounts()
    rows = LogSource.objects.select_related("account")
    return list(rows if visible is None else rows.filter(account__in=visible))


class Standings:
    """Finds out for any number of groups, in two statements for each call of `of`."""

    def __init__(self, viewer: Viewer, now: datetime) -> None:
        self._now = now
        self.sources = visible_sources(viewer)
        scopes = LogScope.objects.select_related("account")
        self._scopes = {(one.account_id, one.region): one for one in scopes}

    def of(self, groups: Sequence[LogGroup]) -> dict[int, Standing]:
        """By the number of the group, whose poll should be there already."""
        polled = [group.pk for group in groups if polling_of(group)]
        covered: dict[int, list[Interval]] = {}
        for row in LogCoverage.objects.filter(group__in=polled):
            covered.setdefault(row.group_id, []).append(Interval(row.since, row.until))
        return {
            group.pk: self._of(group, covered.get(group.pk, [])) for group in groups
        }

    def _of(self, group: LogGroup, covered: Sequence[Interval]) -> Standing:
        poll = polling_of(group)
        ways = tuple(self._ways(group, poll))
        note = UNREADABLE.get(group.group_class, "")
        if poll is None or group.gone_at is not None:
            return Standing(ways, note=note)
        missing = missing_of(poll, covered, self._now)
        reached = [one.until for one in covered[-1:]]
        reached += [poll.fast_until] if poll.fast_until else []
        lag = max(self._now - max(reached), timedelta()) if reached else None
        scope = self._scopes.get((group.account, group.region))
        trouble = trouble_of(group, scope, missing, self._now)
        return Standing(ways, lag, tuple(missing), trouble, note)

    def _ways(self, group: LogGroup, poll: LogPoll | None) -> Iterable[Way]:
        if poll is not None:
            yield Way("polling")
        archives = archives_of(group, self.sources)
        delivered = group.delivered_at
        is_delivered = delivered and self._now - delivered < DELIVERED_WITHIN
        found = [
            source_of(one["destination"], self.sources)
            for one in group.subscriptions or ()
        ]
        named = [one for one in found if one is not None and one.is_enabled]
        if named:
            yield from (Way("subscription", one) for one in named)
        elif is_delivered and not archives:
            yield Way("subscription")
        yield from (Way("archive", one) for one in archives if one.is_enabled)


def missing_of(
    poll: LogPoll, covered: Sequence[Interval], now: datetime
) -> list[Interval]:
    """What should be read and is not, oldest first; the last minutes are not told."""
    until = now - SETTLE
    if until <= poll.collect_since:
        return []
    found = gaps(covered, Interval(poll.collect_since, until))
    return [one for one in found if one.until < until or now - one.since > BEHIND]


def trouble_of(
    group: LogGroup,
    scope: LogScope | None,
    missing: Sequence[Interval],
    now: datetime,
) -> Trouble:
    """What keeps a group that is polled from being read, the gravest first."""
    poll = group.poll
    found = _unreachable(scope) or (_refused(poll) if poll.problem else None)
    is_new = now - FIRST_REACH - poll.collect_since < BEHIND
    if found is None and not is_new:
        found = _doomed(group, missing, now) or _behind(poll, missing, now)
    return found or Trouble()


def _unreachable(scope: LogScope | None) -> Trouble | None:
    if scope is None or not scope.is_enabled:
        return Trouble(
            "Its region is not looked into.",
            "Name the region on the page of the account.",
        )
    if not scope.account.is_connected:
        why = scope.account.problem or "nobody has connected it yet."
        return Trouble(
            f"Account {scope.account} is not connected: {why}",
            "Look at the page of the account: it shows what its role needs.",
        )
    return None


def _refused(poll: LogPoll) -> Trouble:
    return Trouble(poll.problem, cure_of(poll.problem, _ACTION))


def cure_of(problem: str, action: str) -> str:
    """What to do about something that AWS said."""
    if "Denied" in problem or "NotAuthorized" in problem:
        return (
            f"Allow {action} to the role that Trailmap uses; docs/iam.md has the whole "
            "policy. It is tried again by itself."
        )
    if "Throttl" in problem or "Rate exceeded" in problem or "LimitExc" in problem:
        return (
            "Others ask this account as well, and AWS limits all of them together. "
            "Have busy groups delivered by a subscription instead."
        )
    if "NotFound" in problem or "NoSuch" in problem or "NonExistent" in problem:
        return "Look whether it is there, under that name, in that account and region."
    return "It is tried again by itself; what was missed is read then."


def _doomed(
    group: LogGroup, missing: Sequence[Interval], now: datetime
) -> Trouble | None:
    """AWS deletes what is older than the retention, read or not."""
    if group.retention_days is None or not missing:
        return None
    kept = timedelta(days=group.retention_days)
    left = missing[0].since + kept - now
    if left > kept / 4:
        return None
    days = f"{group.retention_days} day{'s' if group.retention_days > 1 else ''}"
    return Trouble(
        f"AWS deletes its lines after {days}, and those since "
        f"{missing[0].since:%Y-%m-%d %H:%M} UTC are not read yet.",
        "Set a longer retention of the log group until they are.",
    )


def _behind(
    poll: LogPoll, missing: Sequence[Interval], now: datetime
) -> Trouble | None:
    """The newest lines are not there; older ones that are made good are no problem."""
    edge = missing[-1] if missing else None
    if edge is None or edge.until < now - SETTLE:
        return None
    if poll.fast_until is not None and now - poll.fast_until < BEHIND:
        return None
    return Trouble(
        f"Nothing since {edge.since:%Y-%m-%d %H:%M} UTC is read yet.",
        "Look whether the worker runs (Trailmap's command doctor says so). If it does, "
        "there are more groups than AWS lets one poll in time: have the busiest "
        "delivered by a subscription.",
    )


def is_failing(now: datetime) -> Q:
    """Groups that are polled and not read, as trouble_of tells; but for those whose
    retention is too short, which takes a look at each gap."""
    unconnected = Account.objects.filter(is_connected=False).values("pk")
    fresh = LogCoverage.objects.filter(
        group=OuterRef("pk"), until__gte=now - SETTLE - BEHIND
    )
    is_stale = Q(poll__fast_until=None) | Q(poll__fast_until__lte=now - BEHIND)
    is_behind = (
        is_stale
        & Q(poll__collect_since__lte=now - FIRST_REACH - BEHIND)
        & Q(~Exists(fresh))
    )
    why = ~Q(poll__problem="") | Q(account__in=unconnected) | is_behind
    return Q(poll__is_enabled=True) & why


def is_collected(now: datetime) -> Q:
    """Groups whose lines come in: polled, delivered lately, or from a bucket."""
    archives = LogSource.objects.filter(
        kind=LogSource.Kind.BUCKET, is_enabled=True
    ).exclude(log_group="")
    found = Q(poll__is_enabled=True) | Q(delivered_at__gte=now - DELIVERED_WITHIN)
    for one in archives:
        found |= Q(account=one.account_id, region=one.region, name=one.log_group)
    return found
