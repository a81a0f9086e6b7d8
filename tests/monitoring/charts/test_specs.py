"""A chart is read exactly, written back the same, and refused by place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.monitoring.charts.specs import (
    ChartSpec,
    ExpressionLine,
    MetricLine,
    SpecError,
    is_statistic,
)
from tests.monitoring.charts.examples import a_key, a_line, a_spec


def test_a_whole_chart_is_read_and_written_back() -> None:
    value = {
        "title": "Orders",
        "kind": "area",
        "period": 300,
        "lines": [
            {
                **a_line("a", statistic="p99", label="slow"),
                "fill": 2.5,
                "axis": "right",
                "is_hidden": True,
            },
            {
                "id": "e1",
                "expression": "a * 100",
                "label": "",
                "fill": "zero",
                "axis": "left",
                "is_hidden": False,
            },
        ],
        "compare": "1w",
        "band": {"of": "a", "width": 3.0},
        "y": {"from": 0.0, "to": None, "unit": "requests"},
    }

    assert ChartSpec.parse(value).as_json() == value


def test_what_is_left_out_has_a_default() -> None:
    spec = ChartSpec.parse({"lines": [a_line("", id=None)]})

    assert spec.lines == (MetricLine("line1", a_key()),)
    assert (spec.kind, spec.period, spec.compare, spec.band) == ("line", 0, "", None)


def test_dimensions_have_one_order() -> None:
    one = ChartSpec.parse(a_spec(a_line(dimensions={"B": "1", "A": "2"})))
    two = ChartSpec.parse(a_spec(a_line(dimensions={"A": "2", "B": "1"})))

    assert one == two


def test_a_metric_of_two_lines_is_one_key() -> None:
    spec = ChartSpec.parse(a_spec(a_line("a"), a_line("b", statistic="Maximum")))

    assert spec.keys() == (a_key(),)


def test_an_expression_needs_no_metric() -> None:
    spec = ChartSpec.parse(a_spec(a_line(), {"id": "e", "expression": " a+1 "}))

    assert spec.lines[1] == ExpressionLine("e", "a+1")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], ""),
        ({"kind": "pie"}, "kind"),
        ({"kind": 5}, "kind"),
        ({"period": 7}, "period"),
        ({"period": "60"}, "period"),
        ({"title": "x" * 201}, "title"),
        ({"lines": {}}, "lines"),
        ({"lines": [3]}, "lines[0]"),
        ({"lines": [a_line()] * 51}, "lines"),
        (a_spec(a_line(), a_line()), "lines"),
        (a_spec(a_line("2")), "lines[0].id"),
        (a_spec(a_line(), a_line("b", statistic="p101")), "lines[1].statistic"),
        (a_spec(a_line(fill="nearly")), "lines[0].fill"),
        (a_spec(a_line(fill=True)), "lines[0].fill"),
        (a_spec(a_line(axis="top")), "lines[0].axis"),
        (a_spec(a_line(is_hidden=1)), "lines[0].is_hidden"),
        (a_spec(a_line(account="")), "lines[0].account"),
        (a_spec(a_line(name=None)), "lines[0].name"),
        (a_spec(a_line(dimensions={"A": 1})), "lines[0].dimensions.A"),
        (a_spec(a_line(dimensions={str(n): "" for n in range(31)})), "dimensions"),
        (a_spec(compare="2d"), "compare"),
        (a_spec(band={"of": "zz"}), "band"),
        (a_spec(band={"of": "a", "width": 0}), "band.width"),
        (a_spec(y={"from": 2, "to": 1}), "y.to"),
        (a_spec(y={"from": 10**400}), "y.from"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(value: Any, place: str) -> None:
    with pytest.raises(SpecError) as refused:
        ChartSpec.parse(value)

    assert refused.value.place.endswith(place)


def test_numbers_that_json_has_no_word_for_are_refused() -> None:
    with pytest.raises(SpecError, match="finite"):
        ChartSpec.parse(json.loads('{"y": {"from": NaN}}'))


@pytest.mark.parametrize(
    "text", ["Sum", "p99", "p99.9", "p0.5", "p100", "tm90", "IQM", "TM(10%:90%)"]
)
def test_statistics_of_cloudwatch(text: str) -> None:
    assert is_statistic(text)


@pytest.mark.parametrize("text", ["sum", "p", "p101", "median", "TM(1;2)", "p99\n"])
def test_statistics_that_cloudwatch_does_not_know(text: str) -> None:
    assert not is_statistic(text)
