"""Spans: what every source of traces is read into.

An X-Ray segment is a span of the service that sent it; its subsegments are spans
within, and those that call AWS or another host are client spans. Zipkin's and
OpenTelemetry's spans are what they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from typing import NamedTuple

from apps.search.documents import JsonObject

Value = str | int | float | bool


class SpanKind(StrEnum):
    """Which side of a call a span saw. Unknown is a value: older senders tell none."""

    UNKNOWN = ""
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Outcome(IntFlag):
    """How a span ended. Fault is 5xx or an exception, error 4xx, throttle 429.

    As in X-Ray, a throttle is an error too, and spans that failed both ways count as
    faults.
    """

    OK = 0
    FAULT = 1
    ERROR = 2
    THROTTLE = 4


# Looked up by the number: this is asked of every span, and flags are slow to test.
_OUTCOMES = tuple(Outcome(number) for number in range(8))
_IS_FAULT = tuple(bool(one & Outcome.FAULT) for one in _OUTCOMES)
_IS_ERROR = tuple(
    bool(one & Outcome.ERROR) and not one & Outcome.FAULT for one in _OUTCOMES
)
_IS_THROTTLE = tuple(
    bool(one & Outcome.THROTTLE) and not one & Outcome.FAULT for one in _OUTCOMES
)


class SpanSource(StrEnum):
    """The format a span came in, which is that of its record."""

    XRAY = "xray"
    ZIPKIN = "zipkin"
    OTLP = "otlp"


class ServiceKey(NamedTuple):
    """A node of the map. One name may stand for several, of different types.

    `type` is X-Ray's origin, such as AWS::Lambda::Function, where one is known;
    "remote", "Database::SQL" or "client" for what sends no spans; else empty.
    `account` is empty where nothing tells it.
    """

    account: str
    type: str
    name: str


MESSAGING = frozenset(
    (
        "AWS::SQS::Queue",
        "AWS::SQS",
        "AWS::SNS",
        "AWS::SNS::Topic",
        "AWS::Kinesis::Stream",
        "AWS::Events",
        "AWS::EventBridge",
    )
)
"""Types of what takes messages for others: it stays a node when a consumer is seen, and
the way from it to the consumer is a link."""


class SpanLink(NamedTuple):
    """Another span that caused this one, such as the sender of a message."""

    trace_id: str
    span_id: str


class SpanException(NamedTuple):
    """`is_remote`: it was thrown by the service called; `cause` is the place of its
    cause in the span's exceptions, -1 for none."""

    type: str
    message: str
    is_remote: bool = False
    cause: int = -1


@dataclass(slots=True)
class Http:
    method: str = ""
    url: str = ""
    status: int = 0
    user_agent: str = ""
    client_ip: str = ""
    request_bytes: int = -1
    response_bytes: int = -1
    """-1 where the size is not told."""


@dataclass(slots=True)
class Span:
    """Not frozen only because there are millions of them.

    `trace_id` is in X-Ray's form, 1-8 digits-24 digits; `id` and `parent_id` are 16
    hex digits, `parent_id` empty without a parent. `segment_id` is the segment a
    subsegment lies in, and the span's own id for everything else. Times are
    microseconds since 1970; `end_us` is None while the span is in progress.

    `service` did the work; `peer` is who was called, or who called, as far as the
    span's sender knew. `operation` says what was called: an operation of AWS, a
    method and path, a statement; `resource` on what: a table, a queue, a database.
    `position` orders spans as their sender wrote them. `record` is the span as it was
    sent, without the subsegments within; it is empty in spans read from outlines.
    """

    trace_id: str
    id: str
    parent_id: str
    segment_id: str
    kind: SpanKind
    name: str
    service: ServiceKey
    start_us: int
    end_us: int | None
    source: SpanSource
    region: str = ""
    outcome: Outcome = Outcome.OK
    peer: ServiceKey | None = None
    operation: str = ""
    resource: str = ""
    namespace: str = ""
    is_shared: bool = False
    """Zipkin: the server's half of a span whose client has the same id."""
    is_inferred: bool = False
    """X-Ray: made up from the caller's subsegment, for a service that sent nothing."""
    http: Http | None = None
    user: str = ""
    annotations: dict[str, Value] = field(default_factory=dict)
    exceptions: tuple[SpanException, ...] = ()
    cause_id: str = ""
    """X-Ray: the id of an exception that another span of the trace holds."""
    availability_zone: str = ""
    instance_id: str = ""
    resource_arn: str = ""
    links: tuple[SpanLink, ...] = ()
    position: int = 0
    content: int = 0
    """A checksum of the record, to tell whether a span sent again is another one."""
    record: JsonObject = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells the span from others of its trace: both halves of a span that
        client and server share have the same id."""
        return f"{self.id}~" if self.is_shared else self.id

    @property
    def is_segment(self) -> bool:
        """Whether it is a whole segment, or a span that no segment holds."""
        return self.segment_id == self.id

    @property
    def is_in_progress(self) -> bool:
        return self.end_us is None

    def may_replace(self, before: Span) -> bool:
        """Whether it may take the place of what had its key: what has ended is never
        replaced by what has not."""
        return before.is_in_progress or not self.is_in_progress

    @property
    def duration_us(self) -> int:
        """0 for what is in progress: how long it took is not known yet."""
        return 0 if self.end_us is None else max(0, self.end_us - self.start_us)

    @property
    def is_fault(self) -> bool:
        return _IS_FAULT[self.outcome]

    @property
    def is_error(self) -> bool:
        """An error and not a fault as well."""
        return _IS_ERROR[self.outcome]

    @property
    def is_throttle(self) -> bool:
        return _IS_THROTTLE[self.outcome]
