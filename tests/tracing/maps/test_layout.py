"""Where the map is drawn."""

from __future__ import annotations

from time import perf_counter

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.tracing.maps.layering import crossings, layered
from apps.tracing.maps.layout import DENSE, ROOMY, Layout, layout
from tests.tracing.maps import made

Edges = list[tuple[str, str]]


def x(found: Layout[str], node: str) -> float:
    return found.places[node][0]


def y(found: Layout[str], node: str) -> float:
    return found.places[node][1]


def test_calls_lead_from_left_to_right() -> None:
    found = layout(["a", "b", "c"], [("a", "b"), ("b", "c")])

    assert x(found, "a") < x(found, "b") < x(found, "c")
    assert y(found, "a") == y(found, "b") == y(found, "c")


def test_a_node_stands_behind_the_longest_way_to_it() -> None:
    found = layout(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])

    assert x(found, "c") - x(found, "b") == x(found, "b") - x(found, "a")


def test_who_only_calls_stands_right_before_whom_it_calls() -> None:
    found = layout(["web", "a", "b", "job"], [("web", "a"), ("a", "b"), ("job", "b")])

    assert x(found, "job") == x(found, "a")


def test_a_cycle_is_broken_where_it_leads_back() -> None:
    found = layout(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "b")])
    there, _, back = found.routes

    assert x(found, "a") < x(found, "b") < x(found, "c")
    assert back.is_back
    assert not there.is_back
    assert back.points[0][0] > back.points[-1][0]


def test_who_calls_itself_has_a_loop_above_it() -> None:
    found = layout(["a", "b"], [("a", "a"), ("a", "b")])
    loop, _ = found.routes

    assert loop.is_loop
    assert all(point[1] == y(found, "a") for point in loop.points)


def test_nodes_without_edges_stand_apart_below() -> None:
    found = layout(["a", "b", "alone", "too"], [("a", "b")])

    assert found.apart_y is not None
    assert y(found, "alone") == y(found, "too") >= found.apart_y
    assert y(found, "a") + ROOMY.height < found.apart_y


def test_only_lonely_nodes_need_no_line_above_them() -> None:
    found = layout(["a", "b"], [])

    assert y(found, "a") == 0
    assert found.routes == ()


def test_nothing_is_laid_out_as_nothing() -> None:
    found: Layout[str] = layout([], [])

    assert (found.width, found.height, found.apart_y) == (0, 0, None)


def test_edges_that_could_run_beside_each_other_do_not_cross() -> None:
    edges = [(0, 3), (1, 2), (0, 2), (1, 3), (4, 2), (4, 3)]
    straight = [(0, 3), (1, 2)]

    assert crossings(layered(4, straight)) == 0
    assert crossings(layered(5, edges)) == 3  # three callers of two: no less


def test_a_long_edge_passes_between_the_nodes_on_its_way() -> None:
    nodes = ["a", "b", "c", "d"]
    found = layout(nodes, [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    way = found.routes[3].points

    for node in ("b", "c"):
        left, top = found.places[node]
        level = next(py for px, py in way if px == left)
        assert not top < level < top + ROOMY.height


def test_the_order_of_before_is_kept_when_a_node_comes() -> None:
    edges = [("a", "c"), ("a", "b")]
    first = layout(["a", "b", "c"], edges)
    more = [*edges, ("a", "new"), ("new", "b")]
    second = layout(["a", "b", "c", "new"], more, {"c": 0.0, "b": 1.0})
    other = layout(["a", "x", "y"], [("a", "x"), ("a", "y")], {"y": 0.0, "x": 1.0})

    assert first.order["b"] != first.order["c"]
    assert y(other, "y") < y(other, "x")
    assert x(second, "new") < x(second, "b")


nodes_of_graphs = st.integers(2, 14)
graphs = nodes_of_graphs.flatmap(
    lambda many: st.tuples(
        st.just([f"n{at}" for at in range(many)]),
        st.lists(
            st.tuples(
                st.integers(0, many - 1).map(lambda at: f"n{at}"),
                st.integers(0, many - 1).map(lambda at: f"n{at}"),
            ),
            max_size=40,
        ),
    )
)


@settings(deadline=None)
@given(graphs)
def test_no_two_nodes_overlap_and_edges_touch_their_ends(
    graph: tuple[list[str], Edges],
) -> None:
    nodes, edges = graph
    found = layout(nodes, edges)

    assert set(found.places) == set(nodes)
    taken = sorted(found.places.values())
    for at, (left, top) in enumerate(taken):
        for other_left, other_top in taken[at + 1 :]:
            is_beside = other_left - left >= ROOMY.width
            assert is_beside or abs(other_top - top) >= ROOMY.height - 1e-6
    for (source, target), route in zip(edges, found.routes, strict=True):
        if source != target:
            assert _touches(found, source, route.points[0])
            assert _touches(found, target, route.points[-1])


def _touches(found: Layout[str], node: str, point: tuple[float, float]) -> bool:
    left, top = found.places[node]
    is_level = top - 1e-6 <= point[1] <= top + ROOMY.height + 1e-6
    return is_level and point[0] in (left, left + ROOMY.width)


@settings(deadline=None)
@given(graphs)
def test_the_same_graph_is_laid_out_the_same(graph: tuple[list[str], Edges]) -> None:
    assert layout(*graph) == layout(*graph)


def test_five_hundred_nodes_are_laid_out_in_a_moment() -> None:
    map_ = made.large(500, 818)
    nodes = [node.key for node in map_.nodes]
    edges = [(edge.source, edge.target) for edge in map_.edges]
    took = []
    for _ in range(5):
        began = perf_counter()
        layout(nodes, edges, None, DENSE)
        took.append(perf_counter() - began)

    # 17 ms where nothing else runs; tests run beside each other.
    assert min(took) < 0.1
