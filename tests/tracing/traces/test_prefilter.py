"""What is asked of summaries first never leaves out a trace that matches."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from apps.tracing.spans.span import Http, Outcome, Span
from apps.tracing.traces.filters.evaluating import matches
from apps.tracing.traces.filters.parsing import read
from apps.tracing.traces.filters.prefilter import Compare, Either, Every, Need, needed
from apps.tracing.traces.filters.subjects import Subject
from tests.tracing.traces.spans import span

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "begins": lambda value, beginning: str(value).startswith(beginning),
}
_URL = "https://shop/" + "x" * 2_000


def _http(status: int, url: str = _URL) -> Http:
    return Http("POST", url, status)


_ROOTS: list[tuple[Span, Mapping[str, Any]]] = [
    (span("a", ms=250.0004), {"response_ms": 250.0, "duration_ms": 250.0}),
    (
        span("b", outcome=Outcome.FAULT | Outcome.ERROR, http=_http(500)),
        {"has_fault": True, "has_failure": True, "http_status": 500,
         "http_url": _URL[:1_000]},
    ),
    (
        span("c", outcome=Outcome.ERROR | Outcome.THROTTLE, http=_http(429)),
        {"has_error": True, "has_throttle": True, "has_failure": True,
         "http_status": 429,
         "http_url": _URL[:1_000]},
    ),
    (span("d", ms=None), {"is_partial": True, "response_ms": 0.0, "duration_ms": 0.0}),
]  # fmt: skip
_SILENT = {
    "response_ms": 100.0, "duration_ms": 100.0, "has_fault": False, "has_error": False,
    "has_throttle": False, "is_partial": False, "http_status": 0, "http_url": "",
    "http_method": "",
}  # fmt: skip
_EXPRESSIONS = [
    "fault", "!fault", "error", "!error", "ok", "!ok", "ok != true", "ok = false",
    "throttle", "!throttle", "partial = true", "partial != true",
    "responsetime = 0.25", "responsetime != 0.25", "responsetime > 0.2",
    "duration <= 0.1 http.status", "http.status = 500", "http.status != 500",
    "http.status > 0", "!http.status", f"http.url = '{_URL}'",
    f"http.url BEGINSWITH '{_URL[:1_500]}'", "http.url BEGINSWITH 'https'",
    "http.url CONTAINS 'xx'", "http.method = 'POST'", "fault OR duration > 0.2",
    "NOT (fault OR error)", "fault user = 'x' OR throttle", "service() { fault }",
]  # fmt: skip


def _holds(need: Need, columns: Mapping[str, Any]) -> bool:
    if isinstance(need, Compare):
        return bool(_OPERATORS[need.operator](columns[need.column], need.value))
    gather = all if isinstance(need, Every) else any
    return gather(_holds(part, columns) for part in need.parts)


@pytest.mark.parametrize("expression", _EXPRESSIONS)
def test_no_match_is_left_out(expression: str) -> None:
    node = read(expression)
    need = needed(node)
    for root, columns in _ROOTS:
        if matches(node, Subject([root])) and need is not None:
            method = "POST" if root.http else ""
            assert _holds(need, {**_SILENT, "http_method": method, **columns}), root.id


@pytest.mark.parametrize(
    ("expression", "need"),
    [
        ("service('x') { fault }", Compare("has_failure", "=", True)),
        ("service('x') { throttle }", None),
        ("!service() { fault }", None),
        ("fault OR user = 'x'", None),
        ("fault user = 'x'", Every((Compare("has_fault", "=", True),))),
        ("duration > 2", Compare("duration_ms", ">=", 1_999.0)),
        (
            "fault OR partial",
            Either((Compare("has_fault", "=", True), Compare("is_partial", "=", True))),
        ),
    ],
)
def test_summaries_are_asked_for_what_they_can_tell(
    expression: str, need: Need | None
) -> None:
    assert needed(read(expression)) == need
