"""Counts that add up, can be taken away again, and come back as they were packed."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.maps.latencies import bucket_of, percentile_us, upper_us
from apps.tracing.maps.tallies import Counts, Tally, merged, packed, unpacked
from apps.tracing.maps.windows import stretches, whole_minutes
from apps.tracing.spans.span import Outcome

Row = tuple[int, Outcome, int]
ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from([Outcome(number) for number in range(8)]),
        st.integers(-2, 10**12),
    ),
    max_size=40,
)


def tally(rows: Sequence[Row], weight: int = 1) -> Tally:
    counts = Counts()
    for part, outcome, duration_us in rows:
        counts.add(part, outcome, duration_us, weight)
    return counts.tally()


@given(ROWS, ROWS)
def test_sums_are_those_of_all_at_once(one: list[Row], other: list[Row]) -> None:
    together = merged((tally(one), tally(other)))

    assert together.figures_of() == tally(one + other).figures_of()


@given(ROWS, ROWS)
def test_what_was_added_can_be_taken_away(one: list[Row], other: list[Row]) -> None:
    back = merged((tally(one + other), tally(other, -1)))

    assert back.figures_of() == tally(one).figures_of()


@given(ROWS)
def test_a_packed_tally_comes_back(rows: list[Row]) -> None:
    assert unpacked(packed(tally(rows))).figures_of() == tally(rows).figures_of()


@given(ROWS, st.integers(0, 5))
def test_one_part_alone_has_the_same_figures(rows: list[Row], part: int) -> None:
    alone = tally(rows).only(part).figures_of()

    assert alone == {k: v for k, v in tally(rows).figures_of().items() if k == part}


def test_a_call_that_has_not_ended_is_there_with_nothing() -> None:
    figures = tally([(1, Outcome.OK, -1)]).figures_of()[1]

    assert (figures.calls, figures.total_us, figures.histogram) == (0, 0, {})


def test_a_call_of_unknown_length_is_counted_without_a_latency() -> None:
    figures = tally([(1, Outcome.FAULT, -2), (1, Outcome.OK, 8)]).figures_of()[1]

    assert (figures.calls, figures.faults, figures.total_us) == (2, 1, 8)
    assert figures.mean_ms == 0.008


@given(st.integers(2, 10**12))
def test_a_duration_lies_within_its_bucket(duration_us: int) -> None:
    bucket = bucket_of(duration_us)

    assert int(upper_us(bucket - 1)) < duration_us <= upper_us(bucket) + 1


def test_percentiles_are_right_to_five_percent() -> None:
    rows = [(0, Outcome.OK, duration * 1_000) for duration in range(1, 101)]
    histogram = tally(rows).figures_of()[0].histogram

    for share, expected_us in ((0.5, 50_000), (0.95, 95_000), (0.99, 99_000)):
        found = percentile_us(histogram, share)
        assert found is not None
        assert abs(found - expected_us) / expected_us < 0.05


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile_us({}, 0.5) is None


@given(st.integers(0, 10**5), st.integers(0, 10**5))
def test_chunks_of_a_window_cover_each_minute_once(first: int, length: int) -> None:
    since, until = first * 60, (first + length) * 60

    covered = [
        minute
        for period, begin, end in stretches(since, until)
        for began in range(begin, end, period)
        for minute in range(began, began + period, 60)
    ]

    assert sorted(covered) == list(range(since, until, 60))


def test_a_long_window_takes_few_chunks() -> None:
    chunks = sum(
        len(range(begin, end, period))
        for period, begin, end in stretches(60, 30 * 86_400)
    )

    assert chunks <= 2 * (59 + 23) + 30


def test_a_window_is_made_whole_minutes() -> None:
    assert whole_minutes(61.5, 119.2) == (60, 120)
    assert whole_minutes(60, 60) == (60, 120)
