"""Bodies of CloudWatch are read as its documentation says, and written back."""

import json
from typing import Any

import pytest

from apps.monitoring.dashboards.cloudwatch_bodies import (
    BodyError,
    Imported,
    decoded,
    imported,
)
from apps.monitoring.dashboards.cloudwatch_export import exported
from tests.factories import ACCOUNT
from tests.monitoring.dashboards.things import (
    REGION,
    a_line,
    a_panel,
    a_spec,
    a_text,
    a_variable,
)


def a_widget(*metrics: Any, **properties: Any) -> dict[str, Any]:
    said = {"region": REGION, "metrics": list(metrics)} | properties
    return {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6} | {
        "properties": said
    }


def read(*widgets: Any, **body: Any) -> Imported:
    return imported({"widgets": list(widgets)} | body, "Shop", ACCOUNT)


def lines_of(*metrics: Any, **properties: Any) -> Any:
    return read(a_widget(*metrics, **properties)).spec.panels[0].chart["lines"]


def said_of(found: Imported) -> list[str]:
    return [note.what for note in found.notes]


def test_the_example_of_the_documentation_is_read() -> None:
    metric = a_widget(
        ["AWS/EC2", "CPUUtilization", "InstanceId", "i-012345"],
        period=300,
        stat="Average",
        title="EC2 Instance CPU",
        liveData=False,
        legend={"position": "right"},
    )
    note = {"type": "text", "x": 0, "y": 7, "width": 3, "height": 3} | {
        "properties": {"markdown": "Hello world"}
    }

    found = read(metric, note, start="-PT6H", periodOverride="inherit")

    cpu, hello = found.spec.panels
    assert (found.spec.since, found.notes) == ("now-6h", ())
    assert (cpu.kind, cpu.title, cpu.w, cpu.chart["period"]) == (
        "chart", "EC2 Instance CPU", 12, 300,
    )  # fmt: skip
    line = cpu.chart["lines"][0]
    assert line["dimensions"] == {"InstanceId": "i-012345"}
    assert (line["account"], line["region"]) == (ACCOUNT, REGION)
    assert (hello.text, hello.y) == ("Hello world", 7)


def test_dots_repeat_what_stands_before() -> None:
    lines = lines_of(
        ["AWS/Lambda", "Errors", "FunctionName", "pay", {"stat": "Sum"}],
        [".", "Invocations", ".", "."],
        [{"expression": "m1/m2", "label": "Failing", "id": "e1"}],
        ["...", "mail", {"id": "x", "yAxis": "right", "visible": False}],
        [".", "Errors", "..."],
    )

    told = [(x.get("name"), x.get("dimensions"), x["id"]) for x in lines]
    assert told == [
        ("Errors", {"FunctionName": "pay"}, "m1"),
        ("Invocations", {"FunctionName": "pay"}, "m2"),
        (None, None, "e1"),
        ("Invocations", {"FunctionName": "mail"}, "x"),
        ("Errors", {"FunctionName": "mail"}, "m3"),
    ]
    assert [line["statistic"] for line in lines if "name" in line] == [
        "Sum", "Average", "Average", "Average",
    ]  # fmt: skip
    assert (lines[3]["axis"], lines[3]["is_hidden"]) == ("right", True)


@pytest.mark.parametrize(
    ("properties", "kind", "chart_kind"),
    [
        ({}, "chart", "line"),
        ({"stacked": True}, "chart", "area"),
        ({"view": "bar"}, "chart", "bar"),
        ({"view": "singleValue"}, "value", "value"),
        ({"view": "table"}, "table", "table"),
        ({"view": "pie"}, "table", "table"),
        ({"view": "gauge"}, "value", "value"),
    ],
)
def test_each_view_has_its_panel(
    properties: dict[str, Any], kind: str, chart_kind: str
) -> None:
    found = read(a_widget(["AWS/SQS", "NumberOfMessagesSent"], **properties))

    panel = found.spec.panels[0]
    assert (panel.kind, panel.chart["kind"]) == (kind, chart_kind)
    assert bool(found.notes) == (properties.get("view") in ("pie", "gauge"))


def test_axes_and_annotations_are_kept() -> None:
    band = [{"value": 80, "label": "high"}, {"value": 100}]
    found = read(
        a_widget(
            ["AWS/EC2", "CPUUtilization"],
            yAxis={"left": {"min": 0, "max": 100, "label": "Percent"}},
            annotations={
                "horizontal": [{"value": 5, "yAxis": "right"}, band],
                "vertical": [{"value": "2026-07-01T12:00:00Z", "label": "deployed"}],
            },
        )
    )

    panel = found.spec.panels[0]
    assert panel.chart["y"] == {"from": 0, "to": 100, "unit": "Percent"}
    assert [(one.value, one.label, one.axis) for one in panel.thresholds] == [
        (5, "", "right"), (80, "high", "left"), (100, "", "left"),
    ]  # fmt: skip
    assert [(one.at, one.label) for one in panel.moments] == [
        ("2026-07-01T12:00:00Z", "deployed")
    ]


def test_labels_keep_what_is_known_beforehand() -> None:
    label = "${PROP('Dim.FunctionName')} ${PROP('MetricName')} [max: ${MAX}]"
    found = read(
        a_widget(["AWS/Lambda", "Errors", "FunctionName", "pay", {"label": label}])
    )

    assert found.spec.panels[0].chart["lines"][0]["label"] == "pay Errors [max: ]"
    assert said_of(found) == ["Labels lose their computed values, such as ${MAX}."]


def test_a_search_becomes_a_line_for_every_value() -> None:
    text = (
        "SEARCH('{AWS/ApplicationELB,LoadBalancer,TargetGroup} "
        'MetricName="RequestCount" LoadBalancer="app/shop/1"\', \'Sum\', 300)'
    )

    found = read(a_widget([{"expression": text, "id": "s"}]))

    line = found.spec.panels[0].chart["lines"][0]
    assert line["dimensions"] == {"LoadBalancer": "app/shop/1", "TargetGroup": "*"}
    assert (line["name"], line["statistic"]) == ("RequestCount", "Sum")
    assert found.spec.panels[0].chart["period"] == 300


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        ({"type": "explorer", "properties": {"title": "Fleet"}}, "type 'explorer'"),
        ({"type": "custom", "properties": {"endpoint": "x"}}, "type 'custom'"),
        ({"type": "metric"}, "the widget has no properties"),
        (a_widget(["AWS/EC2"]), "metrics[0] is not a namespace, a name and pairs"),
        (a_widget([".", "X"]), 'nothing stands before for "." to repeat'),
        (a_widget(["a", 1]), "neither text nor options"),
        (a_widget(view="map"), "the view 'map'"),
        (
            a_widget([{"expression": "SEARCH('{AWS/EC2,InstanceId} CPU', 'Sum')"}]),
            "a SEARCH for words, or with OR or NOT",
        ),
        (
            a_widget([{"expression": "SUM(SEARCH('{A,B} MetricName=\"x\"', 'Sum'))"}]),
            "a SEARCH within another expression",
        ),
        (7, "the widget is not an object"),
        ({"type": "log", "properties": {}}, "a log widget without a query"),
        ({"type": "alarm", "properties": {"alarms": []}}, "a list of alarms that"),
    ],
)
def test_what_is_not_imported_is_named(widget: Any, said: str) -> None:
    found = read(widget)

    assert found.spec.panels == ()
    assert found.notes[0].where.startswith("widgets[0]")
    assert found.notes[0].what.startswith("Not imported: ")
    assert said in found.notes[0].what


def test_one_bad_widget_does_not_take_the_others_along() -> None:
    found = read({"type": "explorer"}, a_widget(["AWS/SQS", "NumberOfMessagesSent"]))

    assert len(found.spec.panels) == len(found.notes) == 1


def test_queries_of_logs_and_alarms_become_texts_with_links() -> None:
    query = "SOURCE 'shop' | filter @message like /```x/"
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:too*many*errors"
    found = read(
        {"type": "log", "properties": {"query": query, "title": "Lines"}},
        {"type": "alarm", "properties": {"alarms": [arn]}},
        a_widget(annotations={"alarms": [arn]}),
    )

    log, alarms, chart = found.spec.panels
    assert query in log.text
    assert "/logs/query/?language=insights&q=SOURCE+%27shop%27" in log.text
    assert alarms.text == "- [too\\*many\\*errors](/alarms/?q=too%2Amany%2Aerrors)"
    assert chart.text == alarms.text


def test_variables_of_properties_change_them_everywhere() -> None:
    variable = {
        "type": "property",
        "property": "FunctionName",
        "inputType": "select",
        "id": "functionName",
        "label": "Function",
        "search": '{AWS/Lambda,FunctionName} MetricName="Duration"',
        "populateFrom": "FunctionName",
        "defaultValue": "__FIRST",
    }
    region = {"type": "property", "property": "region", "id": "Region"}
    metrics = [
        ["AWS/Lambda", "Errors", "FunctionName", "pay"],
        [".", "Duration", "..."],
    ]

    found = read(a_widget(*metrics), variables=[variable, region])

    named, place = found.spec.variables
    assert (named.name, named.kind, named.namespace) == (
        "functionname", "dimension", "AWS/Lambda",
    )  # fmt: skip
    assert (place.name, place.kind) == ("region", "region")
    for line in found.spec.panels[0].chart["lines"]:
        assert line["dimensions"] == {"FunctionName": "${functionname}"}
        assert line["region"] == "${region}"


def test_variables_of_patterns_change_text() -> None:
    stage = {
        "type": "pattern",
        "pattern": "prod",
        "id": "stage",
        "values": [{"value": "prod", "label": "Live"}, {"value": "test"}],
        "defaultValue": "prod",
    }
    odd = {"type": "pattern", "pattern": "a|b", "id": "odd"}

    found = read(
        a_widget(["AWS/SQS", "Sent", "QueueName", "orders-prod"], title="prod"),
        variables=[stage, odd],
    )

    panel = found.spec.panels[0]
    assert panel.title == "${stage}"
    assert panel.chart["lines"][0]["dimensions"]["QueueName"] == "orders-${stage}"
    assert found.spec.variables[0].values == ("prod", "test")
    assert said_of(found) == [
        "variables[1] is not imported: its pattern is a regular expression."
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Line 1, column 2: this is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "A dashboard is an object"),
        ('"' + "x" * 1_000_001, "longer than the 1,000,000 letters allowed"),
    ],
)
def test_what_is_no_body_is_refused(text: str, said: str) -> None:
    with pytest.raises(BodyError, match=said):
        decoded(text)


def test_a_body_needs_widgets() -> None:
    with pytest.raises(BodyError, match="has a list of widgets"):
        imported({}, "Shop")


def test_accounts_that_nothing_says_are_for_viewers_to_choose() -> None:
    widget = a_widget(["AWS/SQS", "Sent"], ["...", {"accountId": ACCOUNT}])

    spec = imported({"widgets": [widget]}, "Shop").spec

    assert [(one.name, one.kind) for one in spec.variables] == [("account", "account")]
    lines = spec.panels[0].chart["lines"]
    assert [line["account"] for line in lines] == ["${account}", ACCOUNT]


def test_what_cloudwatch_can_say_comes_back_as_it_was() -> None:
    spec = a_spec(
        time={"since": "now-2d", "until": "now"},
        variables=[
            a_variable(label="Function", default="pay"),
            {"name": "stage", "kind": "list", "values": ["a", "b"], "default": "b"},
        ],
        panels=[
            a_panel(
                chart={
                    "kind": "area",
                    "period": 300,
                    "lines": [
                        a_line(label="Errors of ${function}"),
                        a_line(id="b", name="Calls", axis="right", is_hidden=True),
                        {"id": "e", "expression": "a/b*100", "label": "Failing"},
                        a_line(id="s", dimensions={"FunctionName": "*"}),
                    ],
                    "y": {"from": 0, "to": 9.5, "unit": "Count"},
                },
                thresholds=[{"value": 3, "label": "high", "axis": "left"}],
                moments=[{"at": "2026-07-01T12:00:00Z", "label": "deployed"}],
            ),
            a_text(id="p2", x=12, w=6, text="# ${function}"),
            a_panel(id="p3", y=6, kind="value", chart=_one("value")),
            a_panel(id="p4", y=6, x=12, kind="table", chart=_one("table")),
        ],
    )

    out = exported(spec)
    back = imported(json.loads(json.dumps(out.body)), spec.title)

    assert [note.what for note in out.notes] == []
    assert back.notes == ()
    assert back.spec == spec


def _one(kind: str) -> dict[str, Any]:
    return {"kind": kind, "period": 0, "lines": [a_line(statistic="p99")]}


def test_what_cloudwatch_cannot_say_is_listed() -> None:
    spec = a_spec(
        description="Ours",
        refresh_seconds=60,
        time={"since": "now/d"},
        panels=[
            a_panel(
                chart=_one("line")
                | {"compare": "1w", "band": {"of": "a", "width": 2}}
                | {"lines": [a_line(fill="zero", account="*")]}
            ),
            a_text(id="p2", title="Read me"),
        ],
    )

    said = [(note.where, note.what) for note in exported(spec).notes]

    assert said == [
        ("description", "CloudWatch's dashboards have no description."),
        ("refresh_seconds", "How often it refreshes is not kept there."),
        ("time", "now/d to now has no form there."),
        ("variables[0]", "Begins with its first value, not with all of them."),
        (
            "panels[0] “Errors of ${function}”",
            "The comparison with an earlier time is left out.",
        ),
        (
            "panels[0] “Errors of ${function}”",
            "The band of usual values is left out.",
        ),
        ("panels[0] “Errors of ${function}”", "Gaps are not filled there."),
        (
            "panels[0] “Errors of ${function}”",
            "A line stands for one account and region there.",
        ),
        ("panels[1] “Read me”", "Texts have no title there."),
    ]  # fmt: skip
