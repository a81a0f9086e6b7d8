"""A dashboard's JSON is read strictly and written as it was."""

import json
from typing import Any

import pytest

from apps.monitoring.dashboards.layouts import DashboardSpec, LayoutError
from tests.monitoring.dashboards.things import (
    a_layout,
    a_line,
    a_panel,
    a_spec,
    a_text,
    a_variable,
)


def test_what_is_written_is_read_again() -> None:
    spec = a_spec(
        description="What the shop does",
        time={"since": "now-6h", "until": "now"},
        refresh_seconds=60,
        panels=[
            a_panel(
                thresholds=[{"value": 5, "label": "too many", "axis": "right"}],
                moments=[{"at": "2026-07-01T12:00:00Z", "label": "deployed"}],
            ),
            a_text(id="p2", x=12),
        ],
    )

    assert DashboardSpec.parse(json.loads(json.dumps(spec.as_json()))) == spec


def test_a_dashboard_opens_with_six_hours() -> None:
    assert (a_spec().since, a_spec().until) == ("now-6h", "now")


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ([], "an object is expected, not a list"),
        ({"title": " "}, "title: a dashboard needs a title"),
        (a_layout(panel=[]), "panel: there is no such field; there are title,"),
        (a_layout(panels={}), "panels: a list is expected, not an object"),
        (
            a_layout(panels=[a_panel(kind="map")]),
            "panels[0].kind: one of chart, table, value, text is expected, not 'map'",
        ),
        (
            a_layout(panels=[a_panel(), a_panel(id="p2", x=20)]),
            "panels[1].w: a whole number from 1 to 4 is expected, not 12",
        ),
        (
            a_layout(panels=[a_panel(w=True)]),
            "panels[0].w: a whole number from 1 to 24 is expected, not True",
        ),
        (a_layout(panels=[a_panel(), a_panel()]), "panels[1].id: 'p1' is already"),
        (a_layout(panels=[a_panel(chart=None)]), "panels[0].chart: an object is"),
        (
            a_layout(panels=[a_panel(thresholds=[{"value": "high"}])]),
            "panels[0].thresholds[0].value: a number is expected, not 'high'",
        ),
        (
            a_layout(panels=[a_panel(moments=[{"at": "soon"}])]),
            "panels[0].moments[0].at: 'soon' is not a time",
        ),
        (a_layout(variables=[a_variable(name="A b")]), "variables[0].name: a name of"),
        (
            a_layout(variables=[a_variable(dimension="")]),
            "variables[0].dimension: a dimension's variable needs its dimension",
        ),
        (
            a_layout(variables=[{"name": "stage", "kind": "list"}]),
            "variables[0].values: a list needs at least one value",
        ),
        (
            a_layout(variables=[a_variable(), a_variable()]),
            "variables[1].name: 'function' is already taken",
        ),
        (a_layout(refresh_seconds=7), "refresh_seconds: one of 0, 10, 30, 60, 300"),
        (a_layout(title="x" * 201), "title: 201 characters are more than the 200"),
        (a_layout(panels=[a_panel()] * 501), "panels: 501 are more than the 500"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(layout: Any, said: str) -> None:
    with pytest.raises(LayoutError) as raised:
        DashboardSpec.parse(layout)

    assert str(raised.value).startswith(said)


def test_a_wrong_chart_is_said_with_its_place() -> None:
    line = a_line()
    del line["name"]
    panels = [a_panel(), a_panel(id="p2", chart={"kind": "line", "lines": [line]})]

    with pytest.raises(LayoutError, match=r"panels\[1\]\.chart\.lines\[0\]\.name"):
        a_spec(panels=panels)
