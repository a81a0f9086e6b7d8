"""What is counted of log lines, minute by minute."""

from __future__ import annotations

from sandbox.kernel.cloud import SHOP
from sandbox.shop.lines import Line
from sandbox.shop.logmetrics import Tally
from sandbox.shop.samples import Samples
from sandbox.shop.topology import SERVICES

MINUTE_MS = 60_000
Told = dict[tuple[str, str, str, str], tuple[list[float], list[float]]]


def a_tally(*lines: tuple[int, str, bool]) -> Tally:
    """Of lines of pricing: minute, message and whether it is an error."""
    tally = Tally()
    service = SERVICES["pricing"]
    tally.add(
        Line(service, minute * MINUTE_MS + 1_000, message, "stream", is_error)
        for minute, message, is_error in lines
    )
    return tally


def told(samples: Samples) -> Told:
    return {
        (series.account, series.namespace, series.name, series.unit): found
        for series, found in samples.items()
    }


def test_events_and_bytes_come_in_minute_by_minute() -> None:
    tally = a_tally((5, "four", False), (5, "five!", False), (7, "é", False))

    assert told(tally.incoming()) == {
        (SHOP, "AWS/Logs", "IncomingLogEvents", "None"): ([300.0, 420.0], [2.0, 1.0]),
        (SHOP, "AWS/Logs", "IncomingBytes", "Bytes"): ([300.0, 420.0], [61.0, 28.0]),
    }


def test_what_comes_in_belongs_to_the_log_group() -> None:
    samples = a_tally((5, "said", False)).incoming()

    assert {s.dimensions for s in samples} == {(("LogGroupName", "/ecs/pricing"),)}


def test_each_error_is_one_and_a_minute_without_is_zero_once() -> None:
    tally = a_tally((5, "a", True), (5, "b", True), (6, "c", False), (6, "d", False))

    assert told(tally.errors()) == {
        (SHOP, "Shop/Logs", "pricing-errors", "None"): (
            [300.0, 300.0, 360.0],
            [1.0, 1.0, 0.0],
        )
    }


def test_a_minute_without_lines_says_nothing() -> None:
    assert a_tally().errors() == a_tally().incoming() == {}
