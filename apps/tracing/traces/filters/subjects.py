"""What keywords of a filter expression are in a trace, a segment, a call, a cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from apps.tracing.spans.span import Http, Outcome, ServiceKey, Span, SpanException
from apps.tracing.spans.span import Value as AnnotationValue
from apps.tracing.traces import rootcauses
from apps.tracing.traces.filters.syntax import ANNOTATION, CauseFilter
from apps.tracing.traces.rootcauses import CauseEntity, CauseService, RootCause
from apps.tracing.traces.tracetree import with_inferred

Values = Callable[[str], Sequence[AnnotationValue]]
"""The values of a keyword; none where it is not set."""

_MICRO = 1e6
_HTTP: Mapping[str, Callable[[Http], str]] = {
    "http.url": lambda http: http.url,
    "http.method": lambda http: http.method,
    "http.useragent": lambda http: http.user_agent,
    "http.clientip": lambda http: http.client_ip,
}
_FLAGS = {
    "fault": Outcome.FAULT,
    "error": Outcome.ERROR,
    "throttle": Outcome.THROTTLE,
}


class Subject:
    """A trace, as expressions ask about it."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.tree = with_inferred(spans)

    @property
    def root(self) -> Span:
        return self.tree.root

    @cached_property
    def _sent(self) -> list[Span]:
        return [span for span in self.tree.spans if not span.is_inferred]

    @cached_property
    def sent_segments(self) -> list[Span]:
        return [span for span in self.tree.segments if not span.is_inferred]

    def values(self, keyword: str) -> Sequence[AnnotationValue]:
        """Of the trace: fault and error are the root's, throttle that of any."""
        if keyword.startswith(ANNOTATION):
            return _annotated(self._sent, keyword)
        if keyword in _HTTP or keyword == "http.status":
            return _of_http(self.root, keyword)
        of_trace = _OF_TRACE.get(keyword)
        return of_trace(self) if of_trace else ()

    @cached_property
    def start_us(self) -> int:
        return min(span.start_us for span in self.sent_segments)

    @cached_property
    def duration_seconds(self) -> float:
        """From the earliest start to the last end of a segment."""
        ends = (span.end_us or span.start_us for span in self.tree.segments)
        return round(max(max(ends) - self.start_us, 0) / _MICRO, 3)

    @cached_property
    def has_throttle(self) -> bool:
        return any(one.outcome & Outcome.THROTTLE for one in self.tree.segments)

    def segment_values(self, segment: Span) -> Values:
        """Of the work of one service in answer to one request."""

        def values(keyword: str) -> Sequence[AnnotationValue]:
            if keyword == "duration":
                inside = self.tree.within(segment)
                last = max(one.end_us or one.start_us for one in inside)
                return [(last - segment.start_us) / _MICRO]
            if keyword.startswith(ANNOTATION):
                return _annotated(self.tree.within(segment), keyword)
            if keyword == "name":
                return [segment.service.name]
            if keyword == "type":
                return _if_set(segment.service.type)
            if keyword == "root":
                return [segment is self.root]
            return _of_span(segment, keyword)

        return values

    def call_values(self, call: Span) -> Values:
        """Of a call from one service to another."""

        def values(keyword: str) -> Sequence[AnnotationValue]:
            if keyword.startswith(ANNOTATION):
                return _annotated([call], keyword)
            if keyword == "duration":
                return [call.duration_us / _MICRO]
            return [call.name] if keyword == "name" else _of_span(call, keyword)

        return values

    def ways(self) -> Iterable[tuple[ServiceKey, ServiceKey, Span]]:
        """Calls between services with the span that measured each; those of clients
        come from a node of type `client`."""
        for segment in self.sent_segments:
            if not segment.parent_id:
                client = ServiceKey("", "client", segment.service.name)
                yield client, segment.service, segment
        for segment in self.tree.segments:
            above = self.tree.parent(segment)
            if above is None:
                continue
            caller = self.tree.head(above)
            if not caller.is_inferred:
                measured = segment if above is caller else above
                yield caller.service, segment.service, measured

    @cached_property
    def causes(self) -> Mapping[str, list[RootCause]]:
        slow = rootcauses.slowness(self.tree)
        return {
            "fault": rootcauses.failures(self.tree, Outcome.FAULT),
            "error": rootcauses.failures(self.tree, Outcome.ERROR),
            "responsetime": [] if slow is None else [slow],
        }

    def cause_values(self, asked: CauseFilter) -> Iterable[Values]:
        """Of the services, entities or exceptions of root causes, each in its list."""
        for cause in self.causes[asked.kind]:
            entities = [one for service in cause.services for one in service.entities]
            lists: list[Sequence[CauseService | CauseEntity | SpanException]]
            if asked.part == "service":
                lists = [cause.services]
            elif asked.part == "entity":
                lists = [entities]
            else:
                lists = [one.exceptions for one in entities]
            for items in lists:
                for at, item in enumerate(items):
                    yield _cause_values(item, at, len(items))


_OF_TRACE: Mapping[str, Callable[[Subject], Sequence[AnnotationValue]]] = {
    "ok": lambda one: [
        not one.root.outcome & (Outcome.FAULT | Outcome.ERROR) and not one.has_throttle
    ],
    "error": lambda one: [bool(one.root.outcome & Outcome.ERROR)],
    "fault": lambda one: [one.root.is_fault],
    "throttle": lambda one: [one.has_throttle],
    "partial": lambda one: [any(span.is_in_progress for span in one.sent_segments)],
    "inferred": lambda one: [any(span.is_inferred for span in one.tree.segments)],
    "responsetime": lambda one: [round(one.root.duration_us / _MICRO, 3)],
    "duration": lambda one: [one.duration_seconds],
    "user": lambda one: _each(span.user for span in one.sent_segments),
    "name": lambda one: _each(span.service.name for span in one.tree.segments),
    "type": lambda one: _each(span.service.type for span in one.tree.segments),
    "availabilityzone": lambda one: _each(
        span.availability_zone for span in one.sent_segments
    ),
    "instance.id": lambda one: _each(span.instance_id for span in one.sent_segments),
    "resource.arn": lambda one: _each(span.resource_arn for span in one.sent_segments),
}


def _of_span(span: Span, keyword: str) -> Sequence[AnnotationValue]:
    if keyword in _FLAGS:
        return [bool(span.outcome & _FLAGS[keyword])]
    if keyword in _HTTP or keyword == "http.status":
        return _of_http(span, keyword)
    found: Mapping[str, Sequence[AnnotationValue]] = {
        "ok": [not span.outcome and not span.is_in_progress],
        "partial": [span.is_in_progress],
        "inferred": [span.is_inferred],
        "root": [False],
        "responsetime": [span.duration_us / _MICRO],
        "user": _if_set(span.user),
        "availabilityzone": _if_set(span.availability_zone),
        "instance.id": _if_set(span.instance_id),
        "resource.arn": _if_set(span.resource_arn),
    }
    return found.get(keyword, ())


def _of_http(span: Span, keyword: str) -> Sequence[AnnotationValue]:
    if span.http is None:
        return ()
    if keyword == "http.status":
        return [span.http.status] if span.http.status else ()
    return _if_set(_HTTP[keyword](span.http))


def _annotated(spans: Iterable[Span], keyword: str) -> Sequence[AnnotationValue]:
    key = keyword.removeprefix(ANNOTATION)
    return [span.annotations[key] for span in spans if key in span.annotations]


def _each(values: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]


def _if_set(value: str) -> list[str]:
    return [value] if value else []


def _cause_values(
    item: CauseService | CauseEntity | SpanException, at: int, count: int
) -> Values:
    found: dict[str, Sequence[AnnotationValue]] = {
        "index": [at],
        "first": [at == 0],
        "last": [at == count - 1],
    }
    if isinstance(item, CauseService):
        found |= {
            "name": [item.service.name],
            "type": _if_set(item.service.type),
            "inferred": [item.is_inferred],
        }
    elif isinstance(item, CauseEntity):
        coverage = [] if item.coverage is None else [item.coverage]
        found |= {
            "name": [item.name],
            "remote": [item.is_remote],
            "coverage": coverage,
        }
    else:
        found |= {
            "name": [item.type],
            "message": [item.message],
            "remote": [item.is_remote],
        }
    return lambda keyword: found.get(keyword, ())
