"""Lines of files tell their time in many ways."""

from datetime import UTC, datetime

import pytest

from apps.monitoring.logs.times import Times, of_body

NOON = 1_795_435_200_000  # 2026-11-23T12:00:00Z
CHANGED = datetime(2026, 11, 23, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "after_noon_ms"),
    [
        ("2026-11-23T12:00:00Z started", 0),
        ("2026-11-23 12:00:00,250 INFO started", 250),
        ("[2026-11-23 14:00:00.123456 +02:00] started", 123),
        ("2026-11-23T12:00:00.5+0000 started", 500),
        ("2026/11/23 12:00:01 [error] 7#7: started", 1_000),
        ('time="2026-11-23T12:00:00Z" level=info', 0),
        ("1795435200 started", 0),
        ("1795435200.75 started", 750),
        ("1795435200042 started", 42),
        ("<34>Nov 23 12:00:00 host app: started", 0),
        ("Nov  9 12:00:00 host app: started", -14 * 86_400_000),
        ('10.0.0.9 - - [23/Nov/2026:07:00:00 -0500] "GET / HTTP/1.1" 200 1', 0),
        (
            "2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1795435200 1795435260 "
            "ACCEPT OK",
            0,
        ),
        ("Dec 24 12:00:00 host app: of last year", -334 * 86_400_000),
    ],
)
def test_times_of_lines(line: str, after_noon_ms: int) -> None:
    assert Times(CHANGED).of(line) == NOON + after_noon_ms


@pytest.mark.parametrize(
    "line", ["started", "", "2026-13-45T99:00:00Z x", "order 17954352001234567 sent"]
)
def test_lines_without_a_time(line: str) -> None:
    assert Times(CHANGED).of(line) is None


def test_a_change_of_form_within_a_file() -> None:
    times = Times(CHANGED)

    found = [times.of(line) for line in ("1795435200 a", "2026-11-23T12:00:00Z b") * 2]

    assert found == [NOON] * 4


@pytest.mark.parametrize(
    "body",
    [
        {"timestamp": "2026-11-23T12:00:00Z"},
        {"@timestamp": "2026-11-23T13:00:00+01:00"},
        {"time": 1795435200},
        {"ts": 1795435200.0},
        {"time": 1795435200000},
        {"timestamp": 1795435200000000},
        {"timestamp": 1795435200000000000},
        {"timestamp": "1795435200000"},
        {"date": True, "time": 1795435200},
    ],
)
def test_times_of_bodies(body: dict[str, object]) -> None:
    assert of_body(body) == NOON


def test_a_body_without_a_time() -> None:
    assert of_body({"time": "soon", "count": 7}) is None
