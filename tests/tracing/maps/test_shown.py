"""A map as a page asks for it: hidden, focused, grouped, found, and drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from apps.tracing.maps import graphs, picture, wording
from apps.tracing.maps.focusing import Direction, near
from apps.tracing.maps.grouping import GROUP, Grouping, automatic, grouped
from apps.tracing.maps.health import Health, health_of
from apps.tracing.maps.looks import Shape, look_of, short_name
from apps.tracing.maps.picture import Label, Sign, edge_id, node_id
from apps.tracing.maps.servicemap import CLIENT, Figures, MapNode, ServiceMap
from apps.tracing.maps.shown import (
    NO_EXTRAS,
    Extras,
    Shown,
    drawn,
    matching,
    part,
    shown,
)
from apps.tracing.maps.shown import picture as picture_of_map
from apps.tracing.maps.state import MapState
from apps.tracing.maps.svgnodes import shares, wrapped
from apps.tracing.spans.span import ServiceKey
from tests.tracing.maps import made
from tests.tracing.maps.made import QUEUE, TABLE, edge, figures, key, node, service_map

SVG = "{http://www.w3.org/2000/svg}"


def names(found: Shown) -> set[str]:
    return {one.key.name for one in found.map.nodes}


def svg_of(map_: ServiceMap, state: MapState | None = None) -> ET.Element:
    asked = shown(map_, state or MapState())
    made_ = picture_of(asked)
    return ET.fromstring(drawn(made_))  # noqa: S314 - our own


def picture_of(asked: Shown, extras: Extras | None = None) -> picture.Picture:
    return picture_of_map(asked, lambda id_: f"?select={id_}", extras or NO_EXTRAS)


# --- What is shown --------------------------------------------------------------------


def test_what_is_hidden_takes_its_edges_along() -> None:
    found = shown(made.shop(), MapState(hide="kind:database or is:async"))

    assert "stock" not in names(found)
    assert "order-placed" in names(found)
    assert not any(e.target.name == "stock" or e.is_async for e in found.map.edges)


@pytest.mark.parametrize(
    ("hops", "direction", "expected"),
    [
        (1, Direction.BOTH, {"checkout", "shop-api/prod", "payment-provider-adapter",
                             "orders", "stock", "order-placed"}),
        (1, Direction.UP, {"checkout", "shop-api/prod"}),
        (2, Direction.UP, {"checkout", "shop-api/prod", "web"}),
        (2, Direction.DOWN, {"checkout", "payment-provider-adapter", "orders", "stock",
                             "order-placed", "api.bank.example",
                             "send-confirmation-mail"}),
    ],
)  # fmt: skip
def test_focus_keeps_what_is_so_many_calls_away(
    hops: int, direction: Direction, expected: set[str]
) -> None:
    state = MapState(focus="checkout", hops=hops, direction=direction)

    assert names(shown(made.shop(), state)) == expected


def test_both_ways_are_not_the_callees_of_callers() -> None:
    a, b, c = key("a"), key("b"), key("c")
    edges = [edge(a, b), edge(a, c)]

    assert near(edges, [b], 2, Direction.BOTH) == {a, b}


def test_focus_on_what_is_not_there_shows_all_and_says_so() -> None:
    found = shown(made.shop(), MapState(focus="nobody"))

    assert found.missing_focus
    assert len(found.map.nodes) == 12


def test_a_name_means_every_node_of_that_name_and_an_id_one() -> None:
    shop = made.shop()

    assert len(matching(shop, "web")) == 2
    (client,) = matching(shop, "web~client~111122223333")
    assert client.type == CLIENT


def test_what_cannot_be_read_hides_nothing_and_is_told() -> None:
    found = shown(made.shop(), MapState(hide="p95 >", find="("))

    assert [problem.name for problem in found.problems] == ["hide", "find"]
    assert len(found.map.nodes) == 12
    assert found.found() is None


def test_small_maps_have_no_groups_and_large_ones_a_fair_number() -> None:
    assert automatic(made.large(60, 90)) is Grouping.NONE
    large = made.large(500, 818)

    assert automatic(large) is Grouping.NAME
    assert len(grouped(large, Grouping.NAME, ()).map.nodes) <= 60


def small_world() -> ServiceMap:
    """Three of a team, called from outside by a client, calling a table."""
    team = [node(f"shop-{name}") for name in ("web", "cart", "pay")]
    client = MapNode(ServiceKey("", CLIENT, "web"), figures(50), sends_spans=False)
    table = node("orders", TABLE)
    web, cart, pay = (one.key for one in team)
    edges = [
        edge(client.key, web, figures(50, 5)),
        edge(web, cart, figures(40)),
        edge(web, pay, figures(30)),
        edge(cart, table.key, figures(20)),
        edge(pay, table.key, figures(10)),
    ]
    return service_map([client, *team, table], edges)


def test_a_group_stands_for_its_members_and_has_the_calls_that_come_in() -> None:
    found = grouped(small_world(), Grouping.NAME, ())
    (group,) = (one for one in found.map.nodes if one.key.type == GROUP)

    assert group.key.name == "shop"
    assert len(found.members[group.key]) == 3
    assert (group.figures.calls, group.figures.faults) == (50, 5)
    by_ends = {(e.source.name, e.target.name): e.figures.calls for e in found.map.edges}
    assert by_ends == {("web", "shop"): 50, ("shop", "orders"): 30}


def test_an_opened_group_shows_its_members() -> None:
    found = grouped(small_world(), Grouping.NAME, ("shop",))

    assert not found.members
    assert found.opened == {"shop": 3}
    assert len(found.map.edges) == 5


def test_a_group_is_found_where_a_member_is() -> None:
    found = shown(small_world(), MapState(find="cart", by=Grouping.NAME))

    assert found.found() == frozenset(("shop~group",))


# --- The URL --------------------------------------------------------------------------


def test_a_state_comes_back_from_its_url() -> None:
    state = MapState(
        since="now-6h", find="a b", hide="x", focus="checkout~t~1", hops=3,
        direction=Direction.UP, by=Grouping.ACCOUNT, opened=("a,b", "c"),
        select="a -> b", view="table", sort="-p95", refresh=30, label=Label.P99,
        accounts=("1", "2"),
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for name, value in state.pairs():
        found.setdefault(name, []).append(value)

    assert MapState.read(found) == state


def test_nonsense_in_a_url_is_ignored() -> None:
    found = MapState.read(
        {"hops": ["x"], "label": ["?"], "by": ["?"], "refresh": ["7"], "view": ["?"]}
    )

    assert found == MapState()
    assert MapState.read({"hops": ["99"]}).hops == 6


def test_ids_tell_nodes_of_one_name_apart() -> None:
    shop = made.shop()
    ids = [node_id(one.key) for one in shop.nodes] + [edge_id(e) for e in shop.edges]

    assert len(set(ids)) == 24
    for id_ in ids:
        assert part(shop, id_) is not None


# --- What is drawn --------------------------------------------------------------------


def test_every_node_and_edge_is_a_link_with_a_title() -> None:
    svg = svg_of(made.shop())
    links = svg.findall(f".//{SVG}a")

    assert len(links) == 24
    assert all(link.find(f"{SVG}title") is not None for link in links)
    assert all(link.get("href", "").startswith("?select=") for link in links)


def test_health_is_told_by_a_sign_and_a_class_and_not_by_colour_alone() -> None:
    svg = svg_of(made.shop())
    failing = [g for g in svg.iter(f"{SVG}g") if "h-failing" in g.get("class", "")]
    title = failing[0].find(f".//{SVG}title")

    assert len(failing) == 3
    assert all(g.find(f".//{SVG}g[@class='health']") is not None for g in failing)
    assert title is not None
    assert "failing" in str(title.text)
    assert svg.find(f".//{SVG}path[@style]") is None


def test_each_kind_of_node_has_an_outline_of_its_own() -> None:
    svg = svg_of(made.shop())
    outlines = {
        g.get("class", "").split("s-")[1].split(" ")[0]: body.get("d")
        for g in svg.iter(f"{SVG}g")
        if (body := g.find(f"{SVG}a/{SVG}path[@class='body']")) is not None
    }

    assert len(outlines) == 8
    assert len(set(outlines.values())) == 8


def test_messages_have_an_open_head() -> None:
    svg = svg_of(made.shop())
    heads = {
        link.get("class", "").split()[2]: head.get("d", "")
        for link in svg.iter(f"{SVG}a")
        if (head := link.find(f"{SVG}path[@class='head']")) is not None
    }

    assert heads["sync"].endswith("Z")
    assert not heads["async"].endswith("Z")


def test_names_from_outside_are_text() -> None:
    bad = '</svg><script>alert(1)</script>"&\u202e\x00'
    map_ = service_map([node(bad), node("b")], [edge(key(bad), key("b"))])
    svg = svg_of(map_, MapState(find=bad[:20]))

    assert svg.find(f".//{SVG}script") is None
    said = "".join(svg.itertext())
    assert "</svg><scrip" in said
    assert "\\u202e" in said


def test_badges_of_members_are_the_badges_of_their_group() -> None:
    asked = shown(small_world(), MapState(by=Grouping.NAME))
    signs = {
        key("shop-cart"): (Sign("alarm", 1, "one", "/a"),),
        key("shop-pay"): (Sign("alarm", 2, "two", "/b"),),
    }
    made_ = picture_of(asked, Extras(signs))
    (group,) = (one for one in made_.nodes if one.shape is Shape.GROUP)

    assert [(one.kind, one.count) for one in group.signs] == [("alarm", 3)]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (Label.CALLS, "10/min"),
        (Label.P50, "19 ms"),
        (Label.P95, "88 ms"),
        (Label.ERRORS, "25 %"),
        (Label.NONE, ""),
    ],
)
def test_edges_are_labelled_as_asked(label: Label, expected: str) -> None:
    one = edge(key("a"), key("b"), figures(600, 100, 50))

    assert picture.label_of(one, label, made.HOUR) == expected


def test_rings_show_the_shares_of_outcomes() -> None:
    did = Figures(calls=100, faults=10, errors=20, throttles=5)

    assert shares(did) == [
        ("ok", 0.7), ("error", 0.15), ("throttle", 0.05), ("fault", 0.1),
    ]  # fmt: skip
    assert shares(Figures()) == []


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("checkout", ["checkout"]),
        ("payment-provider-adapter", ["payment-", "provider-adapter"]),
        ("send-confirmation-mails", ["send-", "confirmation-ma\u2026"]),
        ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnop", "qrstuvwxyz"]),
    ],
)  # fmt: skip
def test_names_break_at_their_joints(name: str, lines: list[str]) -> None:
    assert wrapped(name, 16, 2) == lines


# --- Words ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "seconds", "expected"),
    [
        (0, 60, "0/min"),
        (60, 3_600, "1/min"),
        (30, 3_600, "30/h"),
        (1, 86_400, "1/day"),
        (7_400, 3_600, "123/min"),
        (360_000, 60, "360 k/min"),
    ],
)
def test_rates_have_the_unit_that_reads_best(
    calls: int, seconds: int, expected: str
) -> None:
    assert wording.rate(calls, seconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0 %"), (0.0002, "<0.1 %"), (0.012, "1.2 %"), (0.42, "42 %"),
     (0.996, ">99 %"), (1, "100 %"), (None, "\u2013")],
)  # fmt: skip
def test_little_is_not_nothing_and_nearly_all_is_not_all(
    value: float | None, expected: str
) -> None:
    assert wording.share(value) == expected


@pytest.mark.parametrize(
    ("did", "expected"),
    [
        (figures(0), Health.IDLE),
        (figures(1_000, 9), Health.GOOD),
        (figures(1_000, 10), Health.TROUBLED),
        (figures(1_000, 0, 50), Health.TROUBLED),
        (figures(1_000, 50), Health.FAILING),
    ],
)
def test_health_is_by_shares_of_failures(did: Figures, expected: Health) -> None:
    assert health_of(did) is expected


@pytest.mark.parametrize(
    ("type_", "shape"),
    [
        ("", Shape.SERVICE),
        ("AWS::ECS::Container", Shape.SERVICE),
        ("AWS::Lambda", Shape.FUNCTION),
        ("AWS::SQS::Queue", Shape.QUEUE),
        ("AWS::Timestream::Table", Shape.DATABASE),
        ("Database::SQL", Shape.DATABASE),
        ("AWS::S3::Bucket", Shape.BUCKET),
        ("AWS::ApiGateway::Stage", Shape.GATEWAY),
        ("remote", Shape.EXTERNAL),
        ("client", Shape.CLIENT),
        ("AWS::Bedrock::Agent", Shape.OTHER),
    ],
)
def test_types_have_shapes(type_: str, shape: Shape) -> None:
    assert look_of(type_).shape is shape


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("checkout", "checkout"),
        ("api.bank.example", "api.bank.example"),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/order-placed",
         "order-placed"),
        ("arn:aws:sns:eu-west-1:111122223333:orders", "orders"),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/carts", "carts"),
        ("shop@payments-db.abc.eu-west-1.rds.amazonaws.com", "shop@payments-db"),
        ("https://", "https://"),
    ],
)  # fmt: skip
def test_addresses_are_told_by_what_tells_them_apart(name: str, short: str) -> None:
    assert short_name(name) == short


def test_a_client_has_the_figures_of_what_it_calls() -> None:
    client = MapNode(ServiceKey("", CLIENT, "web"), Figures(), sends_spans=False)
    calls = edge(client.key, key("web"), figures(60, 6))
    found = shown(service_map([client, node("web")], [calls]), MapState())

    assert found.map.by_key[client.key].figures == calls.figures


def test_latencies_are_bars_whose_marks_lie_among_them() -> None:
    found = graphs.latencies(figures(1_000, ms=40).histogram)

    assert found is not None
    xs = [mark.x for mark in found.marks]
    assert xs == sorted(xs)
    assert [mark.name for mark in found.marks] == ["p50", "p95", "p99"]
    assert all(
        0 <= bar.x < graphs.WIDE and bar.height <= graphs.HIGH for bar in found.bars
    )
    assert graphs.latencies({}) is None


def test_the_client_of_a_queue_is_not_the_queue() -> None:
    """Nodes are told apart by type too."""
    map_ = service_map(
        [node("orders", QUEUE), node("orders", TABLE)],
        [edge(key("orders", QUEUE), key("orders", TABLE))],
    )
    asked = shown(replace(map_, traces=1), MapState(focus="orders~AWS::SQS::Queue"))

    assert [key_.type for key_ in asked.focus] == []
    by_id = shown(map_, MapState(focus=node_id(key("orders", QUEUE))))
    assert [key_.type for key_ in by_id.focus] == [QUEUE]
