"""What `doctor` finds out about log groups and sources of logs: each action they need
is tried, and what their rows tell is told with its cure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from django.utils import timezone

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError
from apps.discovery.buckets import Bucket, Queue
from apps.monitoring.logs.cloudwatch_logs import CloudWatchLogs
from apps.monitoring.logs.kinesis import Stream
from apps.monitoring.logs.setup import permissions_of
from apps.monitoring.logs.sourcestanding import source_standings
from apps.monitoring.logs.standing import Standings, Trouble, cure_of
from apps.monitoring.models import LogGroup, LogScope, LogSource
from apps.search.diagnosis import Finding

Kind = LogSource.Kind
_AT_ONCE = 500
_TOLD = 5


class _Everything:
    """Who asks on the command line sees every account."""

    def visible_accounts(self) -> frozenset[str] | None:
        return None


def groups() -> Iterator[Finding]:
    """Each region: whether it can be listed, and what keeps its groups from being
    read."""
    scopes = LogScope.objects.filter(is_enabled=True, account__is_connected=True)
    troubles = _troubles()
    for scope in scopes.select_related("account"):
        yield _listed(scope)
        place = (scope.account_id, scope.region)
        found = troubles.get(place, Counter())
        yield from _polling(scope, found)


def _listed(scope: LogScope) -> Finding:
    subject = f"logs.{scope.account_id}.{scope.region}"
    try:
        next(CloudWatchLogs(target(scope.account, scope.region)).groups(), None)
    except AwsError as error:
        cure = cure_of(str(error), "logs:DescribeLogGroups")
        return Finding(subject, "", str(error), cure)
    return Finding(subject, "its log groups can be listed")


def _polling(scope: LogScope, found: Counter[Trouble]) -> Iterator[Finding]:
    subject = f"polling.{scope.account_id}.{scope.region}"
    polled = LogGroup.objects.filter(
        account=scope.account_id,
        region=scope.region,
        gone_at=None,
        poll__is_enabled=True,
    ).count()
    if polled and not found:
        yield Finding(subject, f"{polled:,} log groups are polled in time")
    for trouble, many in found.most_common(_TOLD):
        noun = "group" if many == 1 else "groups"
        problem = f"{many:,} log {noun}: {trouble.problem}"
        yield Finding(subject, "", problem, trouble.cure)
    further = sum(found.values()) - sum(many for _, many in found.most_common(_TOLD))
    if further:
        problem = f"{further:,} further log groups, each with words of its own."
        yield Finding(subject, "", problem, "See the page Log groups, With a problem.")


def _troubles() -> Mapping[tuple[str, str], Counter[Trouble]]:
    """What is wrong with groups that are polled, by place, with how many each."""
    standings = Standings(_Everything(), timezone.now())
    rows = LogGroup.objects.filter(gone_at=None, poll__is_enabled=True)
    waiting = rows.select_related("poll").iterator(_AT_ONCE)
    found: dict[tuple[str, str], Counter[Trouble]] = {}
    while some := list(islice(waiting, _AT_ONCE)):
        told = standings.of(some)
        for group in some:
            trouble = told[group.pk].trouble
            if trouble.problem:
                place = (group.account, group.region)
                found.setdefault(place, Counter())[trouble] += 1
    return found


def sources() -> Iterator[Finding]:
    """Each source that is not paused: what it needs is tried, then how it stands."""
    rows = LogSource.objects.filter(is_enabled=True).select_related("account")
    for standing in source_standings(list(rows), timezone.now()):
        source = standing.row
        subject = f"log-source.{source.pk}"
        problem = _tried(source)
        if problem:
            cure = cure_of(problem, ", ".join(permissions_of(source.kind)))
            yield Finding(subject, "", f"{source}: {problem}", cure)
        elif standing.trouble.problem:
            said = f"{source}: {standing.trouble.problem}"
            yield Finding(subject, "", said, standing.trouble.cure)
        else:
            yield Finding(subject, f"{source}: {source.lines:,} lines so far")


def _tried(source: LogSource) -> str:
    """What AWS says where it does not allow what the source needs."""
    attempt = _ATTEMPTS.get(Kind(source.kind))
    try:
        if attempt is not None:
            attempt(source)
    except AwsError as error:
        return str(error)
    return ""


def _read_stream(source: LogSource) -> None:
    stream = Stream(target(source.account, source.region), source.stream)
    shard = next(stream.shards(), None)
    if shard is not None:
        stream.records(shard, stream.iterator(shard, ""))


def _read_bucket(source: LogSource) -> None:
    """List the bucket, begin to read the first file there is, and ask the queue."""
    where = target(source.account, source.region)
    bucket = Bucket(where, source.bucket)
    first = next(bucket.objects(source.prefix), None)
    if first is not None:
        next(bucket.chunks(first.key), None)
    if source.queue_url:
        Queue(where, source.queue_url).waiting()


_ATTEMPTS: Mapping[LogSource.Kind, Callable[[LogSource], None]] = {
    Kind.KINESIS: _read_stream,
    Kind.BUCKET: _read_bucket,
}
