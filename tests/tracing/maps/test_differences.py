"""What differs between two maps, and how surely."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.maps import significance
from apps.tracing.maps.differences import Difference, Measure, differences, union
from apps.tracing.maps.latencies import bucket_of
from apps.tracing.maps.picture import Change
from apps.tracing.maps.servicemap import Figures, ServiceMap
from tests.tracing.maps import made
from tests.tracing.maps.made import ECS, QUEUE, edge, figures, key, node, service_map

# --- Chances, against tables and other programs -------------------------------------


def test_fishers_exact_test_is_right_on_the_lady_tasting_tea() -> None:
    # R: fisher.test(matrix(c(3,1,1,3),2))$p.value is 0.4857143
    assert significance.of_shares(3, 4, 1, 4) == pytest.approx(0.4857143, abs=1e-6)
    # R: fisher.test(matrix(c(1,9,11,3),2))$p.value is 0.002759456
    assert significance.of_shares(1, 10, 11, 14) == pytest.approx(0.0027595, abs=1e-6)


def test_large_shares_are_compared_by_z() -> None:
    # 20 of 1,000 against 40 of 1,000: z is 2.62, p 0.0088.
    assert significance.of_shares(20, 1_000, 40, 1_000) == pytest.approx(
        0.0088, abs=1e-4
    )


def test_equal_shares_are_chance() -> None:
    assert significance.of_shares(5, 100, 50, 1_000) > 0.9
    assert significance.of_shares(0, 100, 0, 100) == 1
    assert significance.of_shares(0, 0, 3, 10) == 1


def test_ranks_of_mann_and_whitney() -> None:
    # scipy: mannwhitneyu([1,2,3,4,5]*20, [3,4,5,6,7]*20, use_continuity=False):
    # U of the second is 8,200 of 10,000, p 4.6e-15.
    one = dict.fromkeys(range(1, 6), 20)
    other = dict.fromkeys(range(3, 8), 20)
    found = significance.of_latencies(one, other)

    assert found.slower == pytest.approx(0.82)
    assert found.p < 1e-13
    same = significance.of_latencies(one, one)
    assert (same.p, same.slower) == (1, 0.5)
    assert significance.of_latencies({}, one).p == 1
    assert significance.of_latencies({3: 9}, {3: 4}).p == 1


def test_rates_are_compared_by_the_lengths_of_windows() -> None:
    assert significance.of_rates(100, 3_600, 200, 7_200) > 0.9
    # 100 against 150 in the same time: z is (25 - 0.5) / sqrt(250/4), p 0.0019.
    assert significance.of_rates(100, 60, 150, 60) == pytest.approx(0.0019, abs=1e-4)
    assert significance.of_rates(0, 60, 0, 60) == 1


def test_many_tests_are_corrected_for() -> None:
    # From the paper of Benjamini and Hochberg: at 0.05 the first four count.
    paper = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
             0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    found = significance.corrected(paper)

    assert [one < 0.05 for one in found] == [True] * 4 + [False] * 11
    assert found[0] == pytest.approx(0.0015)
    assert significance.corrected([]) == []


@given(
    st.integers(0, 400), st.integers(1, 400), st.integers(0, 400), st.integers(1, 400)
)
def test_chances_lie_between_never_and_always_and_have_no_side(
    hits_a: int, all_a: int, hits_b: int, all_b: int
) -> None:
    hits_a, hits_b = min(hits_a, all_a), min(hits_b, all_b)
    p = significance.of_shares(hits_a, all_a, hits_b, all_b)

    assert 0 <= p <= 1
    assert math.isclose(
        p, significance.of_shares(hits_b, all_b, hits_a, all_a), abs_tol=1e-9
    )


# --- Maps -----------------------------------------------------------------------------

A, B = key("a"), key("b")


def pair(before: Figures, after: Figures) -> tuple[ServiceMap, ServiceMap]:
    nodes = [node("a"), node("b")]
    return service_map(nodes, [edge(A, B, before)]), service_map(
        nodes, [edge(A, B, after)]
    )


def only_edge(before: Figures, after: Figures) -> Difference:
    (found,) = differences(*pair(before, after)).edges
    return found


def test_what_came_is_new_and_what_went_is_gone() -> None:
    found = differences(made.before_the_outage(), made.shop())
    edges = {one.key[1].name: one.change for one in found.edges if one.is_edge}  # type: ignore[union-attr]
    nodes = {one.key: one.change for one in found.nodes}

    assert edges["send-confirmation-mail"] is Change.NEW
    assert edges["mail-relay"] is Change.GONE
    assert nodes[key("mail-relay")] is Change.GONE
    assert found.count(Change.NEW) == 1


def test_what_fails_now_comes_first() -> None:
    found = differences(made.before_the_outage(), made.shop())

    assert found.edges[0].change is Change.WORSE
    assert "faults" in found.edges[0].text
    worse = {one.key[1].name for one in found.edges if one.change is Change.WORSE}  # type: ignore[union-attr]
    assert worse == {"checkout", "payment-provider-adapter", "api.bank.example"}


def test_a_shift_is_said_in_words() -> None:
    found = only_edge(figures(10_000, 20), figures(10_000, 610))

    assert found.change is Change.WORSE
    assert found.text == "faults 0.2 % → 6.1 % (very unlikely by chance)"
    assert found.shifts[0].short == "0.2 → 6.1 %"


def test_few_calls_prove_nothing() -> None:
    found = only_edge(figures(6, 0), figures(6, 1))

    assert found.change is Change.NONE
    assert found.text == "no clear difference"


def test_a_sure_difference_too_small_to_matter_is_left_out() -> None:
    found = only_edge(figures(4_000_000, 4_000), figures(4_000_000, 6_000))

    assert found.change is Change.NONE


def test_slower_calls_are_worse_and_faster_ones_better() -> None:
    slow, fast = figures(1_000, ms=200), figures(1_000, ms=80)
    worse, better = only_edge(fast, slow), only_edge(slow, fast)

    assert worse.change is Change.WORSE
    assert better.change is Change.BETTER
    (shift,) = worse.shifts
    assert shift.measure is Measure.LATENCY
    assert shift.after > 2 * shift.before
    assert shift.effect > 0.2


def test_more_calls_are_told_and_are_neither_worse_nor_better() -> None:
    found = only_edge(figures(600), figures(1_800))

    assert found.change is Change.NONE
    assert found.text == "calls 10/min → 30/min (very unlikely by chance)"


def test_windows_of_different_lengths_are_compared_by_rates() -> None:
    a, b = pair(figures(600), figures(1_200))
    found = differences(a, replace(b, until_s=b.until_s + made.HOUR))

    assert found.edges[0].shifts == ()


def test_edges_by_messages_are_edges_of_their_own() -> None:
    nodes = [node("q", QUEUE), node("w", ECS)]
    a = service_map(nodes, [edge(key("q", QUEUE), key("w"))])
    b = service_map(nodes, [edge(key("q", QUEUE), key("w"), is_async=True)])
    found = {one.key[2]: one.change for one in differences(a, b).edges}

    assert found == {True: Change.NEW, False: Change.GONE}


def test_equal_maps_do_not_differ() -> None:
    found = differences(made.shop(), made.shop())

    assert all(one.change is Change.NONE for one in (*found.nodes, *found.edges))
    assert found.tests == 4 * 24


def test_the_map_of_both_has_what_either_has() -> None:
    both = union(made.before_the_outage(), made.shop())

    assert {"mail-relay", "send-confirmation-mail"} <= {n.key.name for n in both.nodes}
    failing = next(n for n in both.nodes if n.key.name == "checkout")
    assert failing.figures.faults == 92


def test_buckets_of_latencies_are_what_is_ranked() -> None:
    few = {bucket_of(10_000): 90, bucket_of(50_000): 10}
    found = significance.of_latencies(
        few, {bucket_of(10_000): 10, bucket_of(50_000): 90}
    )

    assert found.slower == pytest.approx(0.9)
