"""Zipkin's API for reading below `/zipkin/api/v2/`, as Grafana's data source asks it.

Source: zipkin2-api.yaml of openzipkin/zipkin-api.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.search.timerange import TimeRange
from apps.tracing.exchange import asking
from apps.tracing.exchange.asking import Wanted
from apps.tracing.exchange.dependencies import Dependency, dependencies_of
from apps.tracing.exchange.parameters import (
    BadParameter,
    annotation_query,
    moment,
    number,
    until,
)
from apps.tracing.exchange.views import ExchangeView, NotThere, asked, now, scope_of
from apps.tracing.exchange.words import trace_id_in
from apps.tracing.exchange.zipkinspans import trace_json
from apps.tracing.maps import reading

_TRACES = 10
_MOST_ASKED = 1_000
_DAY_MS = 86_400_000
_LONGEST_MS = 366 * _DAY_MS
# Tags whose values can be offered, and the fields that hold them.
_FIELDS = {
    "http.method": "http.request.method",
    "operation": "@operation",
    "outcome": "@outcome",
    "resource": "@resource",
    "span.kind": "@kind",
}


class _ZipkinView(ExchangeView):
    def failed(self, status: int, message: str) -> HttpResponse:
        return HttpResponse(message, status=status, content_type="text/plain")


class ServicesView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        return asking.services(scope_of(request))


class SpanNamesView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        query = _of_service(request)
        return asking.operations(query, scope_of(request), now())


class RemoteServicesView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        return asking.values_of("@peer", _of_service(request), scope_of(request), now())


def _of_service(request: Request) -> str:
    service = asked(request, "serviceName")
    if not service:
        raise BadParameter("serviceName is missing")
    return f"@service:{asking.quoted(service)}"


class TracesView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        found = asking.traces(_wanted(request), scope_of(request), now())
        return [trace_json(spans) for spans in found]


def _wanted(request: Request) -> Wanted:
    operation = asked(request, "spanName")
    limit = number(asked(request, "limit"), "limit", _TRACES, least=1)
    return Wanted(
        _range(request),
        min(limit, asking.MOST_TRACES),
        asked(request, "serviceName"),
        "" if operation == "all" else operation,
        asked(request, "remoteServiceName"),
        annotation_query(asked(request, "annotationQuery")),
        number(asked(request, "minDuration"), "minDuration", 0) or None,
        number(asked(request, "maxDuration"), "maxDuration", 0) or None,
    )


def _range(request: Request) -> TimeRange:
    """`lookback` before `endTs`, milliseconds since 1970."""
    end_ms = number(asked(request, "endTs"), "endTs", 0)
    lookback = number(asked(request, "lookback"), "lookback", _DAY_MS)
    end = moment(end_ms * 1_000) if end_ms else now()
    return until(end, timedelta(milliseconds=min(lookback, _LONGEST_MS)))


class TraceView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        trace_id = trace_id_in(parts["trace_id"])
        if trace_id is None:
            raise BadParameter("a trace id is 16 or 32 hex digits")
        scope = scope_of(request)
        spans = asking.trace(trace_id, scope)
        if not spans:
            raise NotThere(f"{parts['trace_id'][:40]} not found")
        return trace_json(spans, asking.records(spans, scope))


class TraceManyView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        texts = [one for one in asked(request, "traceIds").split(",") if one]
        ids = dict.fromkeys(trace_id_in(one) for one in texts[:_MOST_ASKED])
        if not texts or None in ids:
            raise BadParameter("traceIds are 16 or 32 hex digits each, and commas")
        found = (asking.trace(one, scope_of(request)) for one in ids if one)
        return [trace_json(spans) for spans in found if spans]


class DependenciesView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        if not asked(request, "endTs"):
            raise BadParameter("endTs is missing")
        range_ = _range(request)
        whole = reading.read(
            range_.since.timestamp(), range_.until.timestamp(), scope_of(request)
        )
        return [_link(one) for one in dependencies_of(whole)]


def _link(one: Dependency) -> dict[str, Any]:
    link: dict[str, Any] = {
        "parent": one.parent,
        "child": one.child,
        "callCount": one.calls,
    }
    if one.errors:
        link["errorCount"] = one.errors
    return link


class AutocompleteKeysView(_ZipkinView):
    """Tags whose values can be offered."""

    def found(self, request: Request, **parts: str) -> Any:
        return list(_FIELDS)


class AutocompleteValuesView(_ZipkinView):
    def found(self, request: Request, **parts: str) -> Any:
        key = asked(request, "key")
        if not key:
            raise BadParameter("key is missing")
        field = _FIELDS.get(key)
        return asking.values_of(field, "*", scope_of(request), now()) if field else []
