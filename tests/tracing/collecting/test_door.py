"""The door to X-Ray: what AWS recorded and documents is read field by field, and what
X-Ray bounds is never asked beyond."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.audit import policy
from apps.discovery.aws import AwsDenied, AwsRefused, Door, Target
from apps.tracing.collecting.answers import fetched_of, page_of
from apps.tracing.collecting.graphs import Counts, graph_of
from apps.tracing.collecting.xray import PERMISSIONS, Times, XRay
from apps.tracing.spans.span import ServiceKey
from tests.conftest import cases_folder
from tests.tracing.collecting.world import World

HERE = Target("111122223333", "eu-west-1")
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
# Recorded for other purposes: what writes.
NEVER_ASKED = {"PutTraceSegments"}
Told = Mapping[str, Any]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """X-Ray answers this, page after page; what it was asked comes back."""

    def arrange(*pages: Told) -> list[dict[str, Any]]:
        waiting, asked = list(pages), []

        def call(door: Door, operation: str, **parameters: Any) -> Told:
            asked.append({"operation": operation, **parameters})
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        monkeypatch.setattr(Door, "__init__", lambda *_: None)
        monkeypatch.setattr(Door, "call", call)
        return asked

    return arrange


def recorded(name: str) -> Iterator[Any]:
    path = cases_folder() / "aws-responses" / "xray" / f"{name}.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    for at, line in enumerate(lines):
        yield pytest.param(json.loads(line)["data"], id=f"{name}-{at}")


@pytest.mark.cases
@pytest.mark.parametrize("answer", list(recorded("GetSamplingRules")))
def test_recorded_rules_are_read(answers: Any, answer: Told) -> None:
    answers(answer)

    told = [one["SamplingRule"] for one in answer["SamplingRuleRecords"]]
    assert [
        (
            one.name,
            one.priority,
            one.rate,
            one.reservoir,
            one.service_name,
            one.service_type,
            one.host,
            one.method,
            one.path,
            one.resource_arn,
            one.attributes,
        )
        for one in XRay(HERE).sampling_rules()
    ] == [
        (
            one["RuleName"],
            one["Priority"],
            one["FixedRate"],
            one["ReservoirSize"],
            one["ServiceName"],
            one["ServiceType"],
            one["Host"],
            one["HTTPMethod"],
            one["URLPath"],
            one["ResourceARN"],
            one["Attributes"],
        )
        for one in told
    ]


@pytest.mark.cases
@pytest.mark.parametrize("answer", list(recorded("GetGroups")))
def test_recorded_groups_are_read(answers: Any, answer: Told) -> None:
    answers(answer)

    assert [(one.name, one.expression) for one in XRay(HERE).groups()] == [
        (one["GroupName"], one.get("FilterExpression", "")) for one in answer["Groups"]
    ]


@pytest.mark.cases
def test_no_recorded_answer_is_left_out(cases: Path) -> None:
    found = {path.stem for path in (cases / "aws-responses" / "xray").iterdir()}

    assert found == {"GetSamplingRules", "GetGroups"} | NEVER_ASKED


def examples(member: str, *needed: str) -> list[Any]:
    """The documented answers that have such a member, whose items have the needed."""
    path = cases_folder() / "traces" / "xray_api_examples.json"
    blocks = json.loads(path.read_text())["json_blocks"] if path.exists() else []
    values = [block["value"] for block in blocks if isinstance(block["value"], dict)]
    return [
        pytest.param(value, id=f"{member}-{at}")
        for at, value in enumerate(values)
        if member in value
        and all(name in item for item in value[member] for name in needed)
    ]


@pytest.mark.cases
@pytest.mark.parametrize("answer", examples("Services", "ReferenceId"))
def test_documented_graphs_are_read_edge_by_edge(answer: Told) -> None:
    keys = {
        one["ReferenceId"]: ServiceKey(
            one.get("AccountId", ""), one.get("Type", ""), one["Name"]
        )
        for one in answer["Services"]
    }
    figures = {
        (keys[one["ReferenceId"]], keys[edge["ReferenceId"]]): edge["SummaryStatistics"]
        for one in answer["Services"]
        for edge in one["Edges"]
    }

    graph = graph_of(answer["Services"])

    assert {key[:2]: counts for key, counts in graph.edges.items()} == {
        way: Counts(
            told["TotalCount"],
            told["ErrorStatistics"]["TotalCount"],
            told["FaultStatistics"]["TotalCount"],
            told["ErrorStatistics"]["ThrottleCount"],
        )
        for way, told in figures.items()
    }
    assert graph.nodes.keys() == set(keys.values())


@pytest.mark.cases
@pytest.mark.parametrize("answer", examples("TraceSummaries"))
def test_documented_summaries_are_read(answer: Told) -> None:
    page = page_of(answer, NOW)

    assert [(one.trace_id, one.is_partial) for one in page.summaries] == [
        (one["Id"], one.get("IsPartial", False)) for one in answer["TraceSummaries"]
    ]
    assert page.scanned == answer["TracesProcessedCount"]
    assert page.token == answer.get("NextToken", "")


@pytest.mark.cases
@pytest.mark.parametrize("answer", examples("Traces"))
def test_documented_traces_are_read_whole(answer: Told) -> None:
    fetched = fetched_of(answer)

    assert [
        (trace.trace_id, [(one.id, one.text) for one in trace.segments])
        for trace in fetched.traces
    ] == [
        (trace["Id"], [(one["Id"], one["Document"]) for one in trace["Segments"]])
        for trace in answer["Traces"]
    ]


def test_traces_are_asked_for_five_at_a_time_and_what_is_left_out_again(
    answers: Any,
) -> None:
    ids = [f"1-00000000-{number:024x}" for number in range(7)]

    def told(*found: str) -> Told:
        traces = [{"Id": one, "Segments": []} for one in found]
        return {"Traces": traces, "UnprocessedTraceIds": []}

    asked = answers(told(*ids[:3]), told(*ids[5:]), told(ids[3]), told(), told())

    fetched = XRay(HERE).traces([*ids, ids[0]])

    assert [len(one["TraceIds"]) for one in asked] == [5, 2, 2, 1]
    assert [one.trace_id for one in fetched.traces] == [
        ids[0], ids[1], ids[2], ids[5], ids[6], ids[3],
    ]  # fmt: skip
    assert fetched.unprocessed == [ids[4]]
    assert fetched.calls == 4


def test_pages_of_a_graph_are_one_before_references_are_followed(answers: Any) -> None:
    caller = {
        "ReferenceId": 0,
        "Name": "web",
        "Edges": [{"ReferenceId": 1, "SummaryStatistics": {"TotalCount": 3}}],
    }
    asked = answers(
        {"Services": [caller], "NextToken": "more"},
        {"Services": [], "NextToken": "and more"},
        {"Services": [{"ReferenceId": 1, "Name": "orders", "Edges": []}]},
    )

    graph = XRay(HERE).graph(NOW, NOW + timedelta(hours=1))

    ends = [(one[0].name, one[1].name) for one in graph.edges]
    assert ends == [("web", "orders")]
    assert [one.get("NextToken") for one in asked] == [None, "more", "and more"]


def test_a_graph_of_a_day_is_asked_for_in_slices_of_six_hours(answers: Any) -> None:
    edge = {"ReferenceId": 0, "SummaryStatistics": {"TotalCount": 2}}
    asked = answers({"Services": [{"ReferenceId": 0, "Name": "a", "Edges": [edge]}]})

    graph = XRay(HERE).graph(NOW, NOW + timedelta(hours=25))

    lengths = [one["EndTime"] - one["StartTime"] for one in asked]
    assert lengths == [timedelta(hours=6)] * 4 + [timedelta(hours=1)]
    assert [counts.calls for counts in graph.edges.values()] == [2 * 5]


def test_lists_are_whole_and_by_whole_seconds_that_hold_the_window(
    answers: Any,
) -> None:
    asked = answers({"TraceSummaries": [], "NextToken": "more"})
    since = NOW + timedelta(milliseconds=700)

    page = XRay(HERE).summaries(since, since + timedelta(seconds=1), Times.CHANGED)

    (one,) = asked
    assert one["StartTime"] == NOW
    assert one["EndTime"] == NOW + timedelta(seconds=2)
    assert one["TimeRangeType"] == "Event"
    assert one["Sampling"] is False
    assert (page.summaries, page.token) == ([], "more")


def test_a_summary_without_times_has_those_of_its_id(answers: Any) -> None:
    begun = int(NOW.timestamp())
    told = {"Id": f"1-{begun:08x}-{1:024x}", "Duration": 2.5}
    spoofed = {"Id": f"1-{1:08x}-{1:024x}"}

    page = page_of({"TraceSummaries": [told, spoofed]}, NOW)

    assert [(one.started_at, one.changed_at) for one in page.summaries] == [
        (NOW, NOW + timedelta(seconds=2.5)),
        (NOW, NOW),
    ]


def test_the_policy_allows_what_is_asked_and_nothing_that_writes() -> None:
    named = policy.page()

    assert [one for one in PERMISSIONS if f'"{one}"' not in named] == []
    assert "xray:Put" not in named


@pytest.mark.django_db
def test_what_x_ray_refuses_is_one_of_our_errors(world: World) -> None:
    door = XRay(HERE)
    with pytest.raises(AwsRefused, match="24 hours"):
        door.summaries(NOW, NOW + timedelta(hours=25), Times.CHANGED)

    world.strike("denied", "xray.GetGroups")
    with pytest.raises(AwsDenied, match="xray.get_groups"):
        door.groups()
