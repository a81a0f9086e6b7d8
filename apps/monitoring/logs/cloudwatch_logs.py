"""The door to CloudWatch Logs: groups, streams, filters and events.

PERMISSIONS names every action used here; the IAM policy in the docs and `doctor` are
made from it. Times are milliseconds since 1970, as CloudWatch Logs has them. A page
may be empty and not the last: only its token tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.discovery.aws import Door, Target

PERMISSIONS = {
    "inventory": (
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:DescribeMetricFilters",
        "logs:DescribeSubscriptionFilters",
    ),
    "events": ("logs:FilterLogEvents", "logs:GetLogEvents"),
}

# The most that AWS gives in one page, and what it takes where nothing is said.
_PAGE_ITEMS = 50
STANDARD = "STANDARD"


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A log group as DescribeLogGroups tells of it.

    `retention_days` is None where events never expire. `stored_bytes` is what AWS
    counted last, which may be a day old.
    """

    name: str
    arn: str = ""
    created_ms: int | None = None
    stored_bytes: int = 0
    retention_days: int | None = None
    group_class: str = STANDARD
    kms_key: str = ""
    metric_filters: int = 0
    data_protection: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> ListedGroup:
        return cls(
            said["logGroupName"],
            said.get("logGroupArn") or said.get("arn", "").removesuffix(":*"),
            said.get("creationTime"),
            said.get("storedBytes", 0),
            said.get("retentionInDays"),
            said.get("logGroupClass", STANDARD),
            said.get("kmsKeyId", ""),
            said.get("metricFilterCount", 0),
            said.get("dataProtectionStatus", ""),
        )


@dataclass(frozen=True, slots=True)
class ListedStream:
    """A log stream. Times of events are None where it never had one, and AWS may be
    an hour or more late with them."""

    name: str
    created_ms: int | None = None
    first_event_ms: int | None = None
    last_event_ms: int | None = None
    last_ingestion_ms: int | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> ListedStream:
        return cls(
            said["logStreamName"],
            said.get("creationTime"),
            said.get("firstEventTimestamp"),
            said.get("lastEventTimestamp"),
            said.get("lastIngestionTime"),
        )


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """What forwards events of a group, and where to."""

    name: str
    group: str
    destination: str
    pattern: str = ""
    created_ms: int | None = None
    role: str = ""
    distribution: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> SubscriptionFilter:
        return cls(
            said["filterName"],
            said.get("logGroupName", ""),
            said.get("destinationArn", ""),
            said.get("filterPattern", ""),
            said.get("creationTime"),
            said.get("roleArn", ""),
            said.get("distribution", ""),
        )


@dataclass(frozen=True, slots=True)
class Transformation:
    """The metric that a metric filter writes, and the value it writes per event."""

    namespace: str
    name: str
    value: str
    default: float | None = None
    unit: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Transformation:
        return cls(
            said["metricNamespace"],
            said["metricName"],
            said["metricValue"],
            said.get("defaultValue"),
            said.get("unit", ""),
            tuple(sorted(said.get("dimensions", {}).items())),
        )


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """What counts events of a group into metrics."""

    name: str
    group: str
    pattern: str
    metrics: tuple[Transformation, ...]
    created_ms: int | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> MetricFilter:
        metrics = tuple(map(Transformation.of, said.get("metricTransformations", ())))
        return cls(
            said["filterName"],
            said.get("logGroupName", ""),
            said.get("filterPattern", ""),
            metrics,
            said.get("creationTime"),
        )


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An event as it is read. `id` is "" where the call does not tell it."""

    timestamp_ms: int
    message: str
    stream: str = ""
    ingestion_ms: int | None = None
    id: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any], stream: str = "") -> LogEvent:
        return cls(
            said["timestamp"],
            said["message"],
            said.get("logStreamName", stream),
            said.get("ingestionTime"),
            said.get("eventId", ""),
        )


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in order of time; `token` is "" on the last page."""

    events: tuple[LogEvent, ...]
    token: str = ""


@dataclass(frozen=True, slots=True)
class EventWindow:
    """Events of a group from `since_ms`, included, until `until_ms`, excluded."""

    group: str
    since_ms: int
    until_ms: int
    pattern: str = ""
    streams: Sequence[str] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """As FilterLogEvents takes it, whose end is included."""
        asked: dict[str, Any] = {
            "logGroupName": self.group,
            "startTime": max(0, self.since_ms),
            "endTime": max(0, self.until_ms - 1),
        }
        if self.pattern:
            asked["filterPattern"] = self.pattern
        if self.streams:
            asked["logStreamNames"] = list(self.streams)
        return asked


class CloudWatchLogs:
    """CloudWatch Logs of one account and region, at the pace AWS allows."""

    def __init__(self, target: Target) -> None:
        self._door = Door(target, "logs")

    def groups(self) -> Iterator[ListedGroup]:
        for page in self._pages("describe_log_groups", limit=_PAGE_ITEMS):
            yield from map(ListedGroup.of, page.get("logGroups", ()))

    def stream_pages(self, group: str) -> Iterator[list[ListedStream]]:
        """The streams of a group, those with the newest events first."""
        pages = self._pages(
            "describe_log_streams",
            logGroupName=group,
            orderBy="LastEventTime",
            descending=True,
            limit=_PAGE_ITEMS,
        )
        for page in pages:
            yield [ListedStream.of(one) for one in page.get("logStreams", ())]

    def subscription_filters(self, group: str) -> list[SubscriptionFilter]:
        pages = self._pages("describe_subscription_filters", logGroupName=group)
        return [
            SubscriptionFilter.of(one)
            for page in pages
            for one in page.get("subscriptionFilters", ())
        ]

    def metric_filters(self, group: str) -> list[MetricFilter]:
        pages = self._pages("describe_metric_filters", logGroupName=group)
        return [
            MetricFilter.of(one)
            for page in pages
            for one in page.get("metricFilters", ())
        ]

    def event_page(self, window: EventWindow, token: str = "") -> EventPage:
        """A page of a window, from a token on. Raises AwsRefused for a token that is
        no longer good, AwsGone where the group is not there."""
        more = {"nextToken": token} if token else {}
        answer = self._door.call("filter_log_events", **window.parameters, **more)
        events = tuple(map(LogEvent.of, answer.get("events", ())))
        return EventPage(events, answer.get("nextToken") or "")

    def event_pages(self, window: EventWindow) -> Iterator[EventPage]:
        """Every page of a window, empty ones too."""
        token = ""
        while True:
            page = self.event_page(window, token)
            yield page
            if not page.token:
                return
            token = page.token

    def stream_events(
        self, group: str, stream: str, since_ms: int, until_ms: int
    ) -> Iterator[list[LogEvent]]:
        """The events of one stream, oldest first, the end excluded, without ids.

        The last page is the one that answers with the token it was asked with.
        """
        asked: dict[str, Any] = {
            "logGroupName": group,
            "logStreamName": stream,
            "startTime": since_ms,
            "endTime": until_ms,
            "startFromHead": True,
        }
        while True:
            answer = self._door.call("get_log_events", **asked)
            yield [LogEvent.of(one, stream) for one in answer.get("events", ())]
            token = answer.get("nextForwardToken", "")
            if not token or token == asked.get("nextToken"):
                return
            asked["nextToken"] = token

    def _pages(self, operation: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """Every page of a listing, each call at its pace."""
        token: dict[str, str] = {}
        while True:
            answer = self._door.call(operation, **parameters, **token)
            yield answer
            if not answer.get("nextToken"):
                return
            token = {"nextToken": answer["nextToken"]}
