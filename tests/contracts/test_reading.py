"""Order, pages, histograms, facets and limits, as every engine must give them."""

import pytest

from apps.search.engines.base import (
    OTHER_SERIES,
    TOTAL_SERIES,
    WITHOUT_SERIES,
    DocumentEngine,
    InvalidCursor,
    Scope,
    SortOrder,
)
from tests.contracts.things import NOON_MS, THINGS, ask, thing

MINUTE_MS = 60_000
DAY_MS = 86_400_000


def store(engine: DocumentEngine, *documents: object) -> None:
    engine.writer(THINGS).add(documents)  # type: ignore[arg-type]
    engine.writer(THINGS).commit()


def pages(engine: DocumentEngine, size: int, order: SortOrder) -> list[str]:
    """The ids of all documents, a page at a time."""
    found, after = [], None
    while True:
        page = engine.reader.find(ask(), size, order, after)
        found += [hit.id for hit in page.hits]
        assert len(page.hits) == size or page.next is None
        if page.next is None:
            return found
        after = page.next


def test_newest_come_first_and_oldest_on_demand(engine: DocumentEngine) -> None:
    times = {"b": 1, "c": DAY_MS, "a": 0}
    store(engine, *[thing({}, id=i, time_ms=NOON_MS + t) for i, t in times.items()])

    assert pages(engine, 2, SortOrder.NEWEST) == ["c", "b", "a"]
    assert pages(engine, 2, SortOrder.OLDEST) == ["a", "b", "c"]


@pytest.mark.parametrize("order", list(SortOrder))
@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_show_each_of_many_at_the_same_moment_once(
    engine: DocumentEngine, order: SortOrder, size: int
) -> None:
    ids = {f"tie-{at}" for at in range(60)}
    store(engine, *[thing({}, id=one) for one in ids])
    store(engine, thing({}, id="later", time_ms=NOON_MS + 1))

    found = pages(engine, size, order)

    assert len(found) == 61
    assert set(found) == ids | {"later"}


def test_a_page_goes_on_where_it_was_although_newer_came(
    engine: DocumentEngine,
) -> None:
    store(engine, *[thing({}, id=f"{at}", time_ms=NOON_MS + at) for at in range(4)])
    first = engine.reader.find(ask(), 2)
    store(engine, thing({}, id="new", time_ms=NOON_MS + 9))

    second = engine.reader.find(ask(), 2, after=first.next)

    assert [hit.id for hit in second.hits] == ["1", "0"]


@pytest.mark.parametrize("cursor", ["x", "1:2", "-1", "\0", "9" * 5_000])
def test_a_cursor_of_nobody_is_refused(engine: DocumentEngine, cursor: str) -> None:
    store(engine, thing({}))
    with pytest.raises(InvalidCursor):
        engine.reader.find(ask(), 2, after=cursor)


def test_a_range_holds_its_beginning_and_not_its_end(engine: DocumentEngine) -> None:
    store(engine, *[thing({}, time_ms=NOON_MS + at * 1_000) for at in range(3)])

    request = ask("", "2026-07-01T12:00:00Z", "2026-07-01T12:00:02Z")

    assert engine.reader.count(request).value == 2


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), 3),
        (Scope(frozenset("1")), 2),
        (Scope(frozenset(("1", "2"))), 3),
        (Scope(frozenset("1"), frozenset(("us",))), 1),
        (Scope(frozenset()), 0),
    ],
)
def test_every_answer_stays_within_its_scope(
    engine: DocumentEngine, scope: Scope, expected: int
) -> None:
    places = [("1", "eu"), ("1", "us"), ("2", "eu")]
    store(engine, *[thing({"n": a + r}, account=a, region=r) for a, r in places])
    request = ask(scope=scope)
    reader = engine.reader

    assert reader.count(request).value == expected
    assert len(reader.find(request, 10).hits) == expected
    assert len(reader.facets(request, ["n"], 5).by_path["n"].values) == expected
    assert len(reader.values(request, "n", "", 5)) == expected
    histogram = reader.histogram(request, DAY_MS, "n")
    assert sum(map(sum, histogram.series.values())) == expected


def test_a_histogram_counts_every_bucket_of_its_range(engine: DocumentEngine) -> None:
    store(engine, thing({}), thing({}), thing({}, time_ms=NOON_MS + 2 * MINUTE_MS))

    found = engine.reader.histogram(
        ask("", "2026-07-01T12:00:00Z", "2026-07-01T12:04:00Z"), MINUTE_MS
    )

    assert found.starts_ms == tuple(NOON_MS + at * MINUTE_MS for at in range(4))
    assert found.series == {TOTAL_SERIES: (2, 0, 1, 0)}


def test_a_split_histogram_names_the_most_frequent_the_rest_and_those_without(
    engine: DocumentEngine,
) -> None:
    names = ["a"] * 8 + ["b"] * 7 + ["c"] * 6 + ["d"] * 5 + ["e"] * 4 + ["f"] * 3
    names += ["g"] * 2
    store(engine, *[thing({"name": name}) for name in names], thing({"other": 1}))

    found = engine.reader.histogram(
        ask("", "2026-07-01T12:00:00Z", "2026-07-01T12:01:00Z"), MINUTE_MS, "name"
    )

    assert {name: sum(counts) for name, counts in found.series.items()} == {
        "a": 8,
        "b": 7,
        "c": 6,
        "d": 5,
        "e": 4,
        "f": 3,
        OTHER_SERIES: 2,
        WITHOUT_SERIES: 1,
    }


def test_a_facet_counts_values_and_what_is_beyond_them(
    engine: DocumentEngine,
) -> None:
    names = ["a"] * 3 + ["b"] * 2 + ["c"]
    store(engine, *[thing({"deep": {"name": name}}) for name in names])

    found = engine.reader.facets(ask(), ["deep.name"], 2)

    assert found.total == 6
    facet = found.by_path["deep.name"]
    assert facet.values == (("a", 3), ("b", 2))
    assert (facet.others, facet.exact) == (1, True)


def test_a_facet_over_days_adds_up_values_that_are_rare_on_each(
    engine: DocumentEngine,
) -> None:
    for day in range(3):
        noise = [f"{day}-{at}" for at in range(150) for _ in range(2)]
        store(
            engine,
            *[
                thing({"name": name}, time_ms=NOON_MS + day * DAY_MS)
                for name in [*noise, "shared"]
            ],
        )

    facet = engine.reader.facets(ask(), ["name"], 5).by_path["name"]

    assert facet.exact is (("shared", 3) in facet.values)
    assert all(
        count == engine.reader.count(ask(f"name:{name}")).value
        for name, count in facet.values
    )


def test_a_facet_of_long_values_is_counted(engine: DocumentEngine) -> None:
    names = [f"{at:03}" + "x" * 900 for at in range(120)]
    store(engine, *[thing({"name": name}) for name in names])

    facet = engine.reader.facets(ask(), ["name"], 110).by_path["name"]

    assert len(facet.values) == 110
    assert {count for _, count in facet.values} == {1}


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "true"), (5, "5"), (1.5, "1.5"), ("", "")]
)
def test_a_facet_writes_values_as_people_do(
    engine: DocumentEngine, value: object, shown: str
) -> None:
    store(engine, thing({"name": value}))

    facet = engine.reader.facets(ask(), ["name"], 5).by_path["name"]

    assert facet.values == ((shown, 1),)


def test_values_that_begin_so_are_offered_most_frequent_first(
    engine: DocumentEngine,
) -> None:
    names = ["Apple", "apple pie", "apple pie", "plum"]
    store(engine, *[thing({"name": name}) for name in names])

    found = engine.reader.values(ask(), "name", "app", 5)

    assert list(found) == [("apple pie", 2), ("Apple", 1)]


def test_a_search_that_takes_too_long_says_how_far_it_came(
    engine: DocumentEngine,
) -> None:
    for day in range(3):
        store(engine, thing({"name": "x"}, time_ms=NOON_MS + day * DAY_MS))

    total = engine.reader.count(ask("name:x", seconds=0.0))

    assert not total.exact
    assert total.partial and "time limit" in total.partial


def split(engine: DocumentEngine, by: str) -> dict[str, int]:
    found = engine.reader.histogram(
        ask("", "2026-07-01T12:00:00Z", "2026-07-01T12:01:00Z"), MINUTE_MS, by
    )
    return {name: sum(counts) for name, counts in found.series.items()}


def test_values_named_like_our_own_series_are_not_mixed_up_with_them(
    engine: DocumentEngine,
) -> None:
    store(engine, *[thing({"name": n}) for n in ("total", "other", "without")])
    store(engine, thing({"x": 1}))

    assert split(engine, "name") == {
        "total": 1,
        "other": 1,
        "without": 1,
        WITHOUT_SERIES: 1,
    }


def test_documents_with_several_values_are_not_taken_from_those_without(
    engine: DocumentEngine,
) -> None:
    store(engine, thing({"name": ["a", "b", "c"]}), thing({"x": 1}), thing({"x": 2}))

    assert split(engine, "name") == {"a": 1, "b": 1, "c": 1, WITHOUT_SERIES: 2}


def test_a_frequent_value_is_counted_where_it_is_rare(engine: DocumentEngine) -> None:
    store(engine, *[thing({"name": "a"}) for _ in range(40)])
    next_day = NOON_MS + DAY_MS
    noise = [thing({"name": f"n{at}"}, time_ms=next_day) for at in range(1_500)]
    store(engine, *noise, thing({"name": "a"}, time_ms=next_day))

    found = engine.reader.histogram(ask("", "2026-07-01", "2026-07-03"), DAY_MS, "name")

    assert found.series["a"] == (40, 1)


def test_a_facet_that_was_cut_short_is_not_called_exact(
    engine: DocumentEngine,
) -> None:
    store(engine, thing({"name": "x"}))

    found = engine.reader.facets(ask("name:x", seconds=0.0), ["name"], 5)

    assert found.partial
    assert not found.by_path["name"].exact


def test_values_below_the_field_of_a_split_are_neither_without_nor_negative(
    engine: DocumentEngine,
) -> None:
    store(engine, thing({"name": ["a", "b"]}), thing({"name": {"x": "q"}}))
    store(engine, thing({"other": 1}))

    assert split(engine, "name") == {"a": 1, "b": 1, WITHOUT_SERIES: 1}


def test_a_number_and_the_text_that_writes_it_are_one_value(
    engine: DocumentEngine,
) -> None:
    store(engine, *[thing({"name": "5"}) for _ in range(9)])
    store(engine, *[thing({"name": f"n{at}"}) for at in range(150) for _ in range(2)])
    store(engine, thing({"name": 5}))

    facet = engine.reader.facets(ask(), ["name"], 3).by_path["name"]

    assert facet.values[0] == ("5", 10)
