"""Jaeger's query API below `/jaeger/api/`, as Grafana's data source asks it.

Source: cmd/query/app/http_handler.go of jaegertracing/jaeger.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.search.timerange import TimeRange
from apps.tracing.exchange import asking, jaeger
from apps.tracing.exchange.asking import Wanted
from apps.tracing.exchange.dependencies import dependencies_of
from apps.tracing.exchange.parameters import (
    BadParameter,
    go_duration,
    jaeger_tags,
    moment,
    number,
    until,
)
from apps.tracing.exchange.views import (
    ExchangeView,
    NotThere,
    answered,
    asked,
    now,
    scope_of,
)
from apps.tracing.exchange.words import trace_id_in
from apps.tracing.maps import reading

_TRACES = 20
_LOOKBACK = timedelta(days=2)
_LONGEST = timedelta(days=366)
_KINDS = ("server", "client", "producer", "consumer")


class _JaegerView(ExchangeView):
    def failed(self, status: int, message: str) -> HttpResponse:
        return answered(jaeger.problem(status, message), status)


class ServicesView(_JaegerView):
    def found(self, request: Request, **parts: str) -> Any:
        return jaeger.answer(asking.services(scope_of(request)))


class ServiceOperationsView(_JaegerView):
    """The older of two questions for operations: names only."""

    def found(self, request: Request, **parts: str) -> Any:
        return jaeger.answer(operations(request, parts["service"]))


class OperationsView(_JaegerView):
    def found(self, request: Request, **parts: str) -> Any:
        service = asked(request, "service")
        if not service:
            raise BadParameter("service is missing")
        kind = asked(request, "spanKind")
        kinds = (kind,) if kind else (*_KINDS, "")
        return jaeger.answer(
            [
                {"name": name, "spanKind": one}
                for one in kinds
                for name in operations(request, service, one)
            ]
        )


def operations(request: Request, service: str, kind: str | None = None) -> list[str]:
    """The names of a service's spans, of one kind, of no kind (""), or of any."""
    query = f"@service:{asking.quoted(service)}"
    if kind:
        query += f" AND @kind:{asking.quoted(kind)}"
    elif kind == "":
        query += " AND NOT _exists_:@kind"
    return asking.operations(query, scope_of(request), now())


class TracesView(_JaegerView):
    def found(self, request: Request, **parts: str) -> Any:
        ids = request.query_params.getlist("traceID")
        if ids:
            wanted = [one for text in ids if (one := trace_id_in(text))]
            found = [asking.trace(one, scope_of(request)) for one in wanted]
        else:
            found = asking.traces(_wanted(request), scope_of(request), now())
        return jaeger.answer([jaeger.trace_json(spans) for spans in found if spans])


def _wanted(request: Request) -> Wanted:
    service = asked(request, "service")
    if not service:
        raise BadParameter("service is missing")
    operation = asked(request, "operation")
    limit = number(asked(request, "limit"), "limit", _TRACES, least=1)
    return Wanted(
        _range(request),
        min(limit, asking.MOST_TRACES),
        service,
        "" if operation == "all" else operation,
        tags=jaeger_tags(asked(request, "tags"), request.query_params.getlist("tag")),
        least_us=go_duration(asked(request, "minDuration"), "minDuration"),
        most_us=go_duration(asked(request, "maxDuration"), "maxDuration"),
    )


def _range(request: Request) -> TimeRange:
    """From `start` until `end`, microseconds since 1970, both included."""
    end_us = number(asked(request, "end"), "end", 0)
    end = moment(end_us) if end_us else now()
    start_us = number(asked(request, "start"), "start", 0)
    start = moment(start_us) if start_us else end - _LOOKBACK
    if start > end:
        raise BadParameter("start is before end")
    return TimeRange(start, end + timedelta(milliseconds=1))


class TraceView(_JaegerView):
    def found(self, request: Request, **parts: str) -> Any:
        trace_id = trace_id_in(parts["trace_id"])
        if trace_id is None:
            raise BadParameter("a trace id is 32 hex digits")
        spans = asking.trace(trace_id, scope_of(request))
        if not spans:
            raise NotThere("trace not found")
        return jaeger.answer([jaeger.trace_json(spans)])


class DependenciesView(_JaegerView):
    def found(self, request: Request, **parts: str) -> Any:
        end_ms = number(asked(request, "endTs"), "endTs", 0)
        day = int(timedelta(days=1).total_seconds() * 1_000)
        lookback = number(asked(request, "lookback"), "lookback", day)
        end = moment(end_ms * 1_000) if end_ms else now()
        span = min(timedelta(milliseconds=min(lookback, day * 366)), _LONGEST)
        range_ = until(end, span)
        whole = reading.read(
            range_.since.timestamp(), range_.until.timestamp(), scope_of(request)
        )
        return jaeger.answer(
            [
                {"parent": one.parent, "child": one.child, "callCount": one.calls}
                for one in dependencies_of(whole)
            ]
        )
