"""How much comes into log groups a day, from CloudWatch's own metric IncomingBytes.

It is read from the samples that are stored already: that costs no call. Where metrics
of the account are not collected, nothing is known, and nothing is what is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from apps.monitoring.metrics import samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Line, Wanted
from apps.monitoring.models import LogGroup, MetricSeries
from apps.monitoring.models.logs import LogGroupQuerySet

_NAMESPACE, _METRIC, _DIMENSION = "AWS/Logs", "IncomingBytes", "LogGroupName"
_AT_ONCE = 100
_REACH = timedelta(days=7)
_PERIOD = 3_600
_DAY = 86_400
_LEAST_SECONDS = 3_600
"""Of less than that, no day is made."""


def unmeasured(groups: LogGroupQuerySet, account: str, region: str) -> list[LogGroup]:
    """Some of the groups of a place of which nothing is known yet, and could be."""
    series = MetricSeries.objects.filter(
        account=account, region=region, namespace=_NAMESPACE, name=_METRIC
    )
    named = {dict(one.key.dimensions).get(_DIMENSION) for one in series.iterator()}
    rows = groups.filter(daily_bytes=None).values_list("pk", "name")
    wanted = (pk for pk, name in rows.iterator() if name in named) if named else ()
    return list(groups.filter(pk__in=list(islice(wanted, _AT_ONCE))))


def note_daily_bytes(groups: Sequence[LogGroup], now: datetime) -> None:
    """Write down how much came into groups a day, of the last week."""
    keys = {_key(group).digest: group for group in groups}
    rows = MetricSeries.objects.filter(digest__in=list(keys))
    series = {row.pk: keys[row.digest] for row in rows}
    if not series:
        return
    until = int(now.timestamp()) // _PERIOD * _PERIOD
    since = until - int(_REACH.total_seconds())
    wanted = [Wanted(pk, "Sum") for pk in series]
    lines = samples.read(wanted, since, until, _PERIOD, int(now.timestamp()))
    for one in wanted:
        group = series[one.series_id]
        group.daily_bytes = _a_day(lines[one], since, until)
    LogGroup.objects.bulk_update(series.values(), ["daily_bytes"], batch_size=100)


def _key(group: LogGroup) -> MetricKey:
    return MetricKey(
        group.account,
        group.region,
        _NAMESPACE,
        _METRIC,
        ((_DIMENSION, group.name),),
    )


def _a_day(line: Line, since: int, until: int) -> float | None:
    """Bytes a day over the time that was read; None where that is too short."""
    stretches = [(max(since, one.since), min(until, one.until)) for one in line.covered]
    seconds = sum(max(0, end - start) for start, end in stretches)
    if seconds < _LEAST_SECONDS:
        return None
    return float(line.values.sum()) * _DAY / seconds
