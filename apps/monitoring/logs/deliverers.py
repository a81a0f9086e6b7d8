"""Which source a subscription filter of a log group delivers to. Pure but for rows."""

from __future__ import annotations

from collections.abc import Sequence

from apps.discovery.arn import parse_arn
from apps.monitoring.models import LogGroup, LogSource

Kind = LogSource.Kind
# The service of a destination, what stands before its name, and the kind of source.
_DESTINATIONS = (
    ("kinesis", "stream/", Kind.KINESIS),
    ("firehose", "deliverystream/", Kind.FIREHOSE),
    ("lambda", "function:", Kind.LAMBDA),
)


def kind_of(destination: str) -> LogSource.Kind | None:
    """The kind of source that could take what goes to an ARN; None where none can."""
    arn = parse_arn(destination)
    for service, before, kind in _DESTINATIONS:
        if arn and arn.service == service and arn.resource.startswith(before):
            return kind
    return None


def source_of(destination: str, sources: Sequence[LogSource]) -> LogSource | None:
    """The source whose stream or function the ARN of a destination names."""
    arn, kind = parse_arn(destination), kind_of(destination)
    if arn is None or kind is None:
        return None
    # A function may be named with its version behind another colon.
    name = arn.resource.replace("/", ":").split(":")[1]
    place = (kind, arn.account, arn.region, name)
    for source in sources:
        if (source.kind, source.account_id, source.region, source.stream) == place:
            return source
    return None


def archives_of(group: LogGroup, sources: Sequence[LogSource]) -> list[LogSource]:
    """The buckets whose files are said to be of this group."""
    place = (Kind.BUCKET, group.account, group.region, group.name)
    return [
        one
        for one in sources
        if (one.kind, one.account_id, one.region, one.log_group) == place
    ]
