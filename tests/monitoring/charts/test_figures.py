"""Figures are ones that plotly knows, and late, missing and zero look different."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import plotly.graph_objects as go
import pytest

from apps.monitoring.charts.computing import Computed, compute
from apps.monitoring.charts.figures import Figure, figure
from apps.monitoring.charts.markers import Marker
from apps.monitoring.charts.notes import notes
from apps.monitoring.charts.specs import KINDS, ChartSpec
from apps.search.timerange import TimeRange
from tests.factories import NOON
from tests.monitoring.charts.examples import a_key, a_line, a_spec
from tests.monitoring.charts.stored import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_series,
    cover,
    keep,
)
from tests.monitoring.charts.test_computing import LAST_HOUR, Person

pytestmark = pytest.mark.django_db


def drawn(span: TimeRange = LAST_HOUR, **fields: Any) -> Computed:
    spec = ChartSpec.parse(a_spec(**fields))
    return compute(spec, span, Person(), NOON)


def named(made: Figure, name: str) -> list[Figure]:
    return [trace for trace in made["data"] if trace["name"] == name]


def plotly_accepts(made: Figure) -> bool:
    """Whether plotly knows every part; our names of colours stand for colours."""
    text = str(made)
    assert "series-" in text
    data = [_with_colours(trace) for trace in made["data"]]
    go.Figure(data=data, layout=_with_colours(made["layout"]))
    return True


def _with_colours(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_colours(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: "#123456" if name.endswith("color") else _with_colours(value)
        for name, value in part.items()
    }


@pytest.mark.parametrize("kind", KINDS[:3])
def test_plotly_knows_every_part(kind: str) -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [1.0] * 40)
    keep(row, NOW - HOUR - DAY, [2.0] * 60)
    cover(row, NOW - HOUR, NOW - 20 * MINUTE)
    mark = Marker(NOW * 1000, "change", "<b>Update</b>", "", "/x", "1", "r")

    made = figure(drawn(kind=kind, compare="1d", band={"of": "a"}), [mark])

    assert plotly_accepts(made)
    assert "<b>" not in str(made["data"][-1])


def test_what_may_still_change_is_dotted_and_goes_on_from_the_rest() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [float(n) for n in range(60)])
    cover(row, NOW - HOUR, NOW)

    settled, settling = named(figure(drawn()), "CPUUtilization Average · orders")

    assert settling["line"]["dash"] == "dot"
    pairs = list(zip(settled["y"], settling["y"], strict=True))
    both = [pair for pair in pairs if None not in pair]
    assert len(both) == 1, "one point is in both, so that the line goes on"
    assert [note.kind for note in notes(drawn())] == ["settling"]


def test_time_that_was_not_collected_is_hatched_and_named() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [1.0] * 10)
    cover(row, NOW - HOUR, NOW - 50 * MINUTE)
    cover(row, NOW - 30 * MINUTE, NOW)
    found = drawn()

    (gap,) = named(figure(found), "not collected")

    assert gap["x"][0] == "2026-07-01T11:10:00Z"
    assert gap["x"][2] == "2026-07-01T11:30:00Z"
    texts = [note.text for note in notes(found) if note.kind == "uncollected"]
    assert texts == [
        "Hatched: not collected from 2026-07-01 11:10 to 2026-07-01 11:30 UTC."
    ]


def test_no_datapoints_is_said_and_is_not_zero() -> None:
    row = a_series(a_key())
    cover(row, NOW - HOUR, NOW)

    kinds = {note.kind: note.text for note in notes(drawn())}

    assert "not zero" in kinds["empty"]
    assert "zero" not in kinds


def test_zero_is_a_line_at_zero() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [0.0] * 60)
    cover(row, NOW - HOUR, NOW)
    found = drawn()

    made = figure(found)

    assert made["layout"]["yaxis"]["range"] == [-0.05, 1]
    assert any(note.kind == "zero" for note in notes(found))


def test_the_end_that_is_not_there_yet_is_late_not_missing() -> None:
    row = a_series(a_key())
    keep(row, NOW - HOUR, [1.0] * 50)
    cover(row, NOW - HOUR, NOW - 10 * MINUTE)

    found = drawn()
    texts = [note.text for note in notes(found)]

    assert [one["fillpattern"]["shape"] for one in named(figure(found), "late")] == [
        "."
    ]
    assert "Late: not collected yet are the last 10 min." in texts
    assert not any(text.startswith("Hatched") for text in texts)


def test_nothing_collected_says_what_happens_next() -> None:
    a_series(a_key())

    (note,) = notes(drawn())

    assert "nothing was collected" in note.text
    assert "within minutes" in note.text


def test_a_percentile_that_is_not_kept_is_told_to_come() -> None:
    a_series(a_key())
    spec = ChartSpec.parse(a_spec(a_line(statistic="p99")))

    found = notes(compute(spec, LAST_HOUR, Person(), NOON))

    assert any("collected from the first look on" in note.text for note in found)


def test_areas_say_that_they_are_not_stacked() -> None:
    spec = ChartSpec.parse(a_spec(a_line(), a_line("b"), kind="area"))

    found = notes(compute(spec, LAST_HOUR, Person(), NOON))

    assert any("Areas lie over each other" in note.text for note in found)


def test_a_point_alone_is_a_dot() -> None:
    keep(a_series(a_key()), NOW - HOUR, [None, 5.0, None, 1.0, 2.0])

    (line,) = named(figure(drawn()), "CPUUtilization Average · orders")[:1]

    assert line["marker"]["size"][:5] == [0, 5, 0, 0, 0]


def test_bounds_and_the_right_axis() -> None:
    keep(a_series(a_key()), NOW - HOUR, [5.0])
    value = a_spec(a_line(axis="right"), y={"from": 0, "to": 100})

    made = figure(compute(ChartSpec.parse(value), LAST_HOUR, Person(), NOON))

    assert made["layout"]["yaxis"]["range"] == [0, 100]
    assert made["layout"]["yaxis2"]["side"] == "right"
    assert {trace.get("yaxis") for trace in made["data"]} >= {"y2"}


def test_a_day_is_drawn_with_few_points() -> None:
    row = a_series(a_key())
    keep(row, NOW - DAY, [1.0] * 1440)
    span = TimeRange(NOON - timedelta(days=1), NOON)

    assert figure(drawn(span))["grid"]["count"] == 288
