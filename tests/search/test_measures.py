"""A field over time is what a person would compute by hand, and says what it read."""

from typing import Any

import pytest
from django.test import Client

from apps.monitoring.kinds import LOGS
from apps.search import measures
from apps.search.engines.base import TOTAL_SERIES, DocumentEngine, SearchRequest
from apps.search.measures import Asked, Measure, measure
from apps.search.timerange import parse_range
from tests.factories import NOON
from tests.monitoring.logs.explored import NOON_MS, a_line, keep

HOUR = "since=2026-07-01T12:00:00Z&until=2026-07-01T13:00:00Z"
RANGE = parse_range("2026-07-01T12:00:00Z", "2026-07-01T13:00:00Z", NOON)
MINUTE_MS = 60_000


@pytest.fixture
def lines(engine: DocumentEngine) -> DocumentEngine:
    durations = [(1, 10), (2, 20), (3, 60), (61, 5), (62, "7"), (63, "slow")]
    keep(
        engine,
        *[
            a_line(at=at, duration=value, level="INFO" if at < 3 else "WARN")
            for at, value in durations
        ],
        a_line(at=4),
    )
    return engine


@pytest.mark.parametrize(
    ("wanted", "first", "second"),
    [
        (Measure.AVERAGE, 30, 6),
        (Measure.MINIMUM, 10, 5),
        (Measure.MAXIMUM, 60, 7),
        (Measure.SUM, 90, 12),
        (Measure.P50, 20, 6),
        (Measure.COUNT, 4, 3),
    ],
)
def test_a_measure_is_taken_in_each_bucket(
    lines: DocumentEngine, wanted: Measure, first: float, second: float
) -> None:
    request = SearchRequest(LOGS, NOON, range=RANGE)

    found = measure(lines.reader, request, Asked(wanted, "@duration"), MINUTE_MS)

    values = found.series[TOTAL_SERIES]
    assert values[:2] == (first, second)
    assert found.starts_ms[0] == NOON_MS
    assert set(values[2:]) <= {None, 0}


def test_series_are_the_values_of_another_field(lines: DocumentEngine) -> None:
    request = SearchRequest(LOGS, NOON, range=RANGE)

    asked = Asked(Measure.MAXIMUM, "@duration", "@level")
    found = measure(lines.reader, request, asked, MINUTE_MS)

    assert {name: values[:2] for name, values in found.series.items()} == {
        "INFO": (20, None),
        "WARN": (60, 7),
    }


def test_what_was_not_read_is_told_and_weighed(engine: DocumentEngine) -> None:
    keep(engine, *[a_line(at=at, duration=1) for at in range(3_000)])
    request = SearchRequest(LOGS, NOON, range=RANGE)

    found = measure(
        engine.reader, request, Asked(Measure.SUM, "@duration"), 3_600_000, most=300
    )

    assert found.extent.is_sample
    assert found.series[TOTAL_SERIES] == pytest.approx((3_000,))


@pytest.mark.django_db
def test_the_page_the_csv_and_the_api_say_the_same(
    lines: DocumentEngine, viewer_client: Client
) -> None:
    query = f"{HOUR}&measure=max&field=@duration&by=@level"

    shown = viewer_client.get(f"/explore/logs/chart?{query}").content.decode()
    rows = viewer_client.get(f"/explore/logs/chart.csv?{query}").content.decode()
    answer = viewer_client.get(f"/api/v1/search/logs/series?{query}").json()

    assert "max of <code>@duration</code>" in shown
    assert "<td>20</td><td>60</td>" in shown
    assert rows.splitlines()[:2] == ["time,INFO,WARN", "2026-07-01T12:00:00Z,20.0,60.0"]
    assert answer["series"]["WARN"][0] == 60
    assert answer["documents"] == {"total": 6, "read": 6}


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["explore/logs/chart", "explore/logs/chart.csv"])
@pytest.mark.parametrize(
    "query", ["", "measure=x", "measure=avg", "q=(", "measure=avg&field=%00", "by=x"]
)
def test_no_parameter_is_a_fault(viewer_client: Client, part: str, query: str) -> None:
    assert viewer_client.get(f"/{part}?{query}").status_code in (200, 400)


@pytest.mark.django_db
def test_the_api_names_what_is_missing(viewer_client: Client) -> None:
    def field(query: str) -> Any:
        answer = viewer_client.get(f"/api/v1/search/logs/series?{query}")
        return answer.json()["error"]["field"]

    assert field("measure=avg") == "field"
    assert field("measure=x") == "measure"
    assert measures.MOST_READ == 100_000
