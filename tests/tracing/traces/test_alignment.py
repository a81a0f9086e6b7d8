"""Two traces side by side."""

from __future__ import annotations

from apps.tracing.spans.span import Http, Outcome
from apps.tracing.traces.alignment import Line, aligned
from apps.tracing.traces.tracetree import TraceTree
from tests.tracing.traces.spans import call, span


def _lines(a: list[object], b: list[object]) -> list[tuple[int, str, int, int]]:
    found = aligned(TraceTree(a), TraceTree(b))  # type: ignore[arg-type]
    return [
        (one.depth, one.doing, one.a.count if one.a else 0, one.b.count if one.b else 0)
        for one in found
    ]


def test_the_same_work_under_the_same_span_is_one_line() -> None:
    a = [span("root"), call("1", "root", "db", operation="select")]
    b = [
        span("root"),
        *(call(str(at), "root", "db", at=at, operation="select") for at in range(30)),
    ]

    assert _lines([*a], [*b]) == [(0, "root", 1, 1), (1, "db select", 1, 30)]


def test_missing_and_extra_calls_stand_where_they_happened() -> None:
    a = [
        span("root"),
        call("1", "root", "auth", at=1),
        call("2", "root", "stock", at=2),
        call("3", "root", "mail", at=3),
    ]
    b = [
        span("root"),
        call("1", "root", "auth", at=1),
        call("2", "root", "cache", at=2),
        call("3", "root", "mail", at=3),
    ]

    assert _lines([*a], [*b])[1:] == [
        (1, "auth", 1, 1),
        (1, "cache", 0, 1),
        (1, "stock", 1, 0),
        (1, "mail", 1, 1),
    ]


def test_times_and_failures_are_told_apart() -> None:
    (line,) = aligned(
        TraceTree([span("x", ms=10)]),
        TraceTree([span("x", ms=30, outcome=Outcome.FAULT)]),
    )

    assert line.difference_us == 20_000
    assert line.is_different


def test_paths_are_alike_whatever_they_ask_for() -> None:
    def asked(what: str) -> Line:
        http = Http("GET", f"http://x/a?{what}")
        tree = TraceTree([span("x", http=http, operation=f"GET /a?{what}")])
        (line,) = aligned(tree, tree)
        return line

    assert asked("b=1").doing == asked("b=2").doing == "GET /a"
