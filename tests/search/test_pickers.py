"""The controls of time and scope, as links over a page's own URL."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from apps.search.pickers import TimePicker, scope_picker, time_picker
from apps.search.timerange import parse_range

NOW = datetime(2026, 7, 8, 15, tzinfo=UTC)


def picked(since: str, until: str, **more: list[str]) -> TimePicker:
    parameters = {"since": [since], "until": [until], **more}
    return time_picker(parameters, parse_range(since, until, NOW))


@pytest.mark.parametrize(
    ("since", "until", "label"),
    [
        ("now-24h", "now", "Last 24 hours"),
        ("now-3h", "now", "Last 3 hours"),
        ("now-120m", "now", "Last 120 minutes"),
        ("now-1w", "now", "Last week"),
        ("now-3h", "now-1h", "now-3h to now-1h"),
        ("2026-07-01T08:00Z", "2026-07-01T09:30Z", "2026-07-01 08:00 to 09:30 UTC"),
        ("2026-07-01", "2026-07-03", "2026-07-01 00:00 to 2026-07-03 00:00 UTC"),
        ("2026-07-01T08:00:01Z", "2026-07-01T09Z", "2026-07-01 08:00:01 to 09:00 UTC"),
    ],
)  # fmt: skip
def test_a_range_is_named_in_few_words(since: str, until: str, label: str) -> None:
    assert picked(since, until).label == label


def test_links_keep_the_question_and_forget_the_place() -> None:
    found = picked("now-1h", "now", q=["a"], f=["b", "c"], after=["x"], row=["y"])

    url = found.quick[0][1]
    assert parse_qs(url[1:]) == {
        "q": ["a"],
        "f": ["b", "c"],
        "since": ["now-15m"],
        "until": ["now"],
    }


def test_a_range_that_ends_now_widens_into_the_past() -> None:
    assert "since=now-120m&until=now" in picked("now-1h", "now").zoomed_out


def test_an_absolute_range_widens_to_both_sides() -> None:
    found = picked("2026-07-02", "2026-07-04")

    assert "since=2026-07-01T00%3A00%3A00Z" in found.zoomed_out
    assert "until=2026-07-05T00%3A00%3A00Z" in found.zoomed_out


def test_a_relative_range_can_be_kept_as_it_was() -> None:
    assert "since=2026-07-08T14%3A00%3A00Z" in picked("now-1h", "now").absolute


def test_a_range_that_cannot_be_read_is_shown_as_it_was_typed() -> None:
    found = time_picker({"since": ["soon"]}, None)

    assert (found.label, found.zoomed_out) == ("soon to now", "")


def test_a_scope_is_read_from_lists_and_commas() -> None:
    found = scope_picker({"account": ["1,2", "3"], "region": ["eu, us"], "q": ["a"]})

    assert (found.accounts, found.regions) == (["1", "2", "3"], ["eu", "us"])
    assert found.hidden == [("q", "a")]
