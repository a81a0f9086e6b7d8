"""Rows of a trace: their order, their own time, what held up the answer, and what
nobody explains."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.spans.span import Outcome, ServiceKey, Span, SpanKind
from apps.tracing.traces.criticalpath import critical_path
from apps.tracing.traces.tracetree import TraceTree
from apps.tracing.traces.waterfall import Waterfall, found_in, unfolded, waterfall
from tests.tracing.traces.spans import START_US, call, service, span


def _keys(found: Waterfall) -> list[tuple[str, int]]:
    return [(row.key, row.depth) for row in found.rows]


def _critical(*spans: Span) -> dict[str, list[tuple[float, float]]]:
    """In milliseconds after the begin."""
    tree = TraceTree(spans)
    intervals = {
        one.key: (one.start_us, one.start_us + one.duration_us) for one in tree.spans
    }
    return {
        key: [((a - START_US) / 1_000, (b - START_US) / 1_000) for a, b in stretches]
        for key, stretches in critical_path(tree, intervals).items()
    }


def test_the_answer_waits_for_what_ended_last() -> None:
    found = _critical(
        span("root", ms=100),
        span("quick", "root", at=10, ms=20),
        span("slow", "root", at=10, ms=60),
        span("inner", "slow", at=20, ms=30),
    )

    assert found == {
        "root": [(0, 10), (70, 100)],
        "slow": [(10, 20), (50, 70)],
        "inner": [(20, 50)],
    }


def test_calls_one_after_the_other_are_all_on_the_critical_path() -> None:
    found = _critical(
        span("root", ms=50),
        span("first", "root", at=5, ms=10),
        span("second", "root", at=20, ms=20),
    )

    assert found == {
        "root": [(0, 5), (15, 20), (40, 50)],
        "first": [(5, 15)],
        "second": [(20, 40)],
    }


def test_nobody_waits_for_what_goes_on_behind_the_answer() -> None:
    found = _critical(span("root", ms=50), span("late", "root", at=40, ms=100))

    assert found == {"root": [(0, 40)], "late": [(40, 50)]}


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 100), st.integers(0, 100)),
        max_size=25,
    )
)
def test_the_critical_path_fills_the_time_of_the_root_once(
    made: list[tuple[int, int, int]],
) -> None:
    spans = [span("0", ms=100)]
    for at, (above, begin, length) in enumerate(made, 1):
        parent = str(min(above, at - 1))
        spans.append(span(str(at), parent, at=begin, ms=length))

    stretches = sorted(one for some in _critical(*spans).values() for one in some)

    assert stretches[0][0] == 0
    assert stretches[-1][1] == 100
    assert all(before[1] == after[0] for before, after in pairwise(stretches))


def test_rows_stand_beneath_what_caused_them_earliest_first() -> None:
    found = waterfall(
        [
            span("root"),
            span("b", "root", at=50),
            span("a", "root", at=10),
            span("under", "a", at=12, outcome=Outcome.FAULT),
        ]
    )

    assert _keys(found) == [("root", 0), ("a", 1), ("under", 2), ("b", 1)]
    assert [row.beneath for row in found.rows] == [3, 1, 0, 0]
    assert [row.failures for row in found.rows] == [1, 1, 0, 0]


def test_own_work_and_gaps_are_what_no_child_covers() -> None:
    found = waterfall(
        [
            span("root", ms=100),
            span("a", "root", at=2, ms=38),
            span("b", "root", at=30, ms=20),
        ]
    )
    root, leaf = found.rows[0], found.rows[1]

    assert root.self_us == 52_000
    assert list(root.gaps) == [(START_US + 50_000, START_US + 100_000)]
    assert leaf.self_us == 38_000
    assert not leaf.gaps, "all of a span without children is its own work"


def test_a_parent_that_never_came_is_a_row_of_its_own() -> None:
    found = waterfall([span("root"), span("lost", "f" * 16, at=10, ms=5)])

    assert _keys(found) == [("root", 0), (f"missing-{'f' * 16}", 0), ("lost", 1)]
    assert found.rows[1].span is None
    assert found.rows[1].missing == "f" * 16


def test_a_parent_that_may_not_be_seen_is_said_to_be_so() -> None:
    found = waterfall([span("root"), span("mine", "secret")], frozenset({"secret"}))

    assert found.rows[1].missing == "hidden"
    assert found.hidden == 1


def test_a_clock_that_is_off_is_corrected_and_said() -> None:
    orders = service("orders")
    found = waterfall(
        [
            span("root", ms=100),
            call("call", "root", "orders", at=10, ms=40),
            span("orders", "call", service=orders, at=-50, ms=20),
            span("within", "orders", service=orders, at=-45, ms=5, segment_id="orders"),
        ]
    )
    rows = {row.key: row for row in found.rows}

    assert rows["orders"].shift_us == 70_000, "in the middle of the call"
    assert rows["within"].shift_us == 70_000, "by the same clock"
    assert rows["orders"].begin_us == START_US + 20_000
    assert found.clocks.corrected == {orders: 70_000}


def test_what_takes_a_message_may_begin_after_it_was_sent() -> None:
    queue = ServiceKey("", "AWS::SQS::Queue", "jobs")
    found = waterfall(
        [
            span("root", ms=20),
            call("send", "root", queue, at=5, ms=5),
            span("worker", "send", service="worker", at=60, ms=10),
        ]
    )
    worker = found.rows[-1]

    assert (worker.shift_us, worker.late_us) == (0, 50_000)


def test_what_is_inferred_is_folded_into_its_call() -> None:
    table = service("carts", "AWS::DynamoDB::Table")
    found = waterfall(
        [
            span("root"),
            call("call", "root", table),
            span("made-up", "call", service=table, is_inferred=True),
        ]
    )

    assert _keys(found) == [("root", 0), ("call", 1)]
    assert found.rows[1].inferred == table


def test_what_is_in_progress_reaches_as_far_as_is_known() -> None:
    found = waterfall([span("root", ms=None), span("done", "root", at=10, ms=30)])

    assert found.rows[0].end_us == START_US + 40_000
    assert found.length_us == 40_000


def test_services_are_counted_with_what_the_answer_waited_for() -> None:
    found = waterfall(
        [
            span("root", ms=100),
            span("a", "root", service="orders", at=10, ms=60, outcome=Outcome.ERROR),
            span("b", "root", service="orders", at=10, ms=20, kind=SpanKind.UNKNOWN),
        ]
    )
    orders, web = found.services

    assert (orders.service.name, orders.spans, orders.failures) == ("orders", 2, 1)
    assert (orders.critical_us, orders.self_us) == (60_000, 80_000)
    assert (web.critical_us, web.self_us) == (40_000, 40_000)


def test_closed_rows_hide_what_is_beneath_them() -> None:
    rows = waterfall(
        [span("root"), span("a", "root"), span("b", "a"), span("c", "root", at=1)]
    ).rows

    assert unfolded(rows, frozenset()) == [0, 1, 2, 3]
    assert unfolded(rows, frozenset({"a"})) == [0, 1, 3]
    assert unfolded(rows, frozenset(), deepest=0) == [0]


def test_rows_are_found_by_what_their_spans_say() -> None:
    rows = waterfall(
        [
            span("root", annotations={"tier": "Gold"}),
            call("sql", "root", "db", operation="SELECT 1"),
        ]
    ).rows

    assert found_in(rows, "tier=gold") == [0]
    assert found_in(rows, "select") == [1]
    assert found_in(rows, "nothing") == []


def test_deep_chains_are_laid_out_in_linear_time() -> None:
    spans = [span("0")]
    spans += [span(str(at), str(at - 1), at=at / 1_000) for at in range(1, 3_000)]

    found = waterfall(spans)

    assert found.rows[-1].depth == 2_999
    assert found.rows[0].beneath == 2_999
