"""Panels move and grow, and never lie on each other."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.dashboards.arranging import (
    DIRECTIONS,
    added,
    closed_up,
    in_reading_order,
    moved,
    put,
    removed,
)
from apps.monitoring.dashboards.layouts import COLUMNS, DashboardSpec, Panel


def a_note(panel_id: str, x: int, y: int, w: int, h: int) -> Panel:
    return Panel(panel_id, "text", x, y, w, h, text="note")


def places(spec: DashboardSpec) -> dict[str, tuple[int, ...]]:
    return {one.id: (one.x, one.y, one.w, one.h) for one in spec.panels}


def board(*panels: Panel) -> DashboardSpec:
    return DashboardSpec("Shop", panels)


def test_a_panel_goes_one_step_and_stops_at_the_edge() -> None:
    spec = board(a_note("a", 1, 0, 12, 4))

    once = moved(spec, "a", "left")

    assert places(once)["a"] == (0, 0, 12, 4)
    assert moved(once, "a", "left") == once


def test_a_panel_going_up_takes_the_place_of_who_is_there() -> None:
    spec = board(a_note("a", 0, 0, 12, 2), a_note("b", 0, 2, 12, 2))

    assert places(moved(spec, "b", "up")) == {"a": (0, 3, 12, 2), "b": (0, 1, 12, 2)}


def test_a_panel_that_grows_pushes_down_what_is_in_its_way() -> None:
    spec = board(
        a_note("a", 0, 0, 12, 2), a_note("b", 12, 0, 12, 2), a_note("c", 12, 2, 12, 2)
    )

    assert places(moved(spec, "a", "wider")) == {
        "a": (0, 0, 13, 2), "b": (12, 2, 12, 2), "c": (12, 4, 12, 2),
    }  # fmt: skip


def test_a_panel_that_grows_at_the_edge_moves_inwards() -> None:
    spec = board(a_note("a", 20, 0, 4, 2))

    assert places(moved(spec, "a", "wider"))["a"] == (19, 0, 5, 2)


def test_a_new_panel_stands_beside_the_last_if_there_is_room() -> None:
    first = added(board(), a_note("", 0, 0, 1, 1))
    second = added(first, a_note("", 0, 0, 1, 1))
    third = added(second, a_note("", 0, 0, 1, 1))

    assert places(third) == {
        "p1": (0, 0, 12, 3), "p2": (12, 0, 12, 3), "p3": (0, 3, 12, 3),
    }  # fmt: skip


def test_gaps_close_where_nothing_is_above() -> None:
    spec = board(a_note("a", 0, 5, 12, 2), a_note("b", 0, 20, 24, 2))

    assert places(closed_up(spec)) == {"a": (0, 0, 12, 2), "b": (0, 2, 24, 2)}


def test_one_column_reads_from_the_top_left() -> None:
    panels = [
        a_note("c", 0, 6, 6, 6),
        a_note("b", 12, 0, 6, 6),
        a_note("a", 0, 0, 6, 6),
    ]

    assert [one.id for one in in_reading_order(panels)] == ["a", "b", "c"]


def test_what_is_not_there_changes_nothing() -> None:
    spec = board(a_note("a", 0, 0, 1, 1))

    assert moved(spec, "z", "up") == removed(spec, "z") == spec


rectangles = st.builds(
    lambda x, y, w, h: (x, y, min(w, COLUMNS - x), h),
    st.integers(0, COLUMNS - 1),
    st.integers(0, 12),
    st.integers(1, COLUMNS),
    st.integers(1, 8),
)


@given(
    st.lists(rectangles, min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(DIRECTIONS)), max_size=6),
)
def test_nothing_ever_lies_on_anything(
    drawn: list[tuple[int, int, int, int]], steps: list[tuple[int, str]]
) -> None:
    spec = board()
    for at, place in enumerate(drawn):
        panel = a_note(f"p{at}", *place)
        spec = put(replace(spec, panels=(*spec.panels, panel)), panel)
    for at, direction in steps:
        spec = moved(spec, f"p{at % len(drawn)}", direction)

    cells = [
        (column, row)
        for one in spec.panels
        for column in range(one.x, one.x + one.w)
        for row in range(one.y, one.y + one.h)
    ]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < COLUMNS
