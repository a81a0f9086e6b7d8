"""The door to CloudWatch's metrics, against answers as AWS gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.discovery.aws import AwsDenied, AwsThrottled, Target
from apps.discovery.limits import points_pace
from apps.monitoring.metrics.cloudwatch import (
    Answer,
    Query,
    get_metric_data,
    list_metrics,
    statistics_points,
)
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.conftest import cases_folder
from tests.sandbox.conftest import NOW

HERE = Target(SHOP, HOME_REGION)
MINUTE = int(NOW // 60 * 60)
KEY = MetricKey(SHOP, HOME_REGION, "Shop", "Latency")
Publish = Callable[..., None]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def data(minutes: int, name: str = "Latency") -> list[dict[str, Any]]:
    """A sample of each of the last whole minutes: 1 of the newest, then 2, 3, ..."""
    return [
        {"MetricName": name, "Timestamp": at(MINUTE - 60 * ago), "Value": float(ago)}
        for ago in range(1, minutes + 1)
    ]


def ask(*queries: Query, minutes: int) -> Answer:
    window = Interval(MINUTE - 60 * minutes, MINUTE)
    pace = points_pace((SHOP, HOME_REGION), 1, begins_within_3_hours=True)
    return get_metric_data(HERE, queries, window, pace)


@pytest.mark.usefixtures("shop_aws", "db")
class TestAgainstTheSandbox:
    def test_all_pages_are_listed(self, publish: Publish) -> None:
        names = [f"Metric{number}" for number in range(1_100)]
        moment = at(MINUTE - 60)
        publish(
            "Shop",
            *({"MetricName": n, "Timestamp": moment, "Value": 1.0} for n in names),
        )

        pages = list(list_metrics(HERE))

        assert [len(page) for page in pages] == [500, 500, 100]
        assert {key.name for page in pages for key in page} == set(names)

    def test_an_empty_page_is_not_the_last(
        self, publish: Publish, cloud: Cloud
    ) -> None:
        publish("Shop", *data(1))
        cloud.faults.add(Fault(FaultKind.EMPTY_PAGES, "cloudwatch.ListMetrics"))

        pages = list(list_metrics(HERE))

        assert len(pages) > 1
        assert [key for page in pages for key in page] == [KEY]

    def test_dimensions_are_in_the_order_of_their_names(self, publish: Publish) -> None:
        dimensions = [{"Name": "b", "Value": "1"}, {"Name": "a", "Value": "2"}]
        publish("Shop", {**data(1)[0], "Dimensions": dimensions})

        ((key,),) = list_metrics(HERE)

        assert key.dimensions == (("a", "2"), ("b", "1"))

    def test_the_start_is_included_and_the_end_is_not(self, publish: Publish) -> None:
        publish("Shop", *data(5))
        publish(
            "Shop", {"MetricName": "Latency", "Timestamp": at(MINUTE), "Value": 9.0}
        )

        points = ask(Query("m1", KEY, "Sum", 60), minutes=3).points["m1"]

        assert points.status == "Complete"
        assert points.values == {
            MINUTE - 180: 3.0,
            MINUTE - 120: 2.0,
            MINUTE - 60: 1.0,
        }

    def test_pages_are_joined_and_the_last_status_holds(self, publish: Publish) -> None:
        minutes, queries = 1_300, 80
        publish("Shop", *data(minutes))
        asked = [Query(f"q{n}", KEY, "Sum", 60) for n in range(queries)]

        answer = ask(*asked, minutes=minutes)

        assert answer.calls == 2
        for points in answer.points.values():
            assert points.status == "Complete"
            assert len(points.values) == minutes

    def test_a_part_that_failed_is_told_of_each_query(
        self, publish: Publish, cloud: Cloud
    ) -> None:
        publish("Shop", *data(10))
        cloud.faults.add(Fault(FaultKind.PARTIAL, "cloudwatch.GetMetricData"))

        points = ask(Query("m1", KEY, "Sum", 60), minutes=10).points["m1"]

        assert points.status == "PartialData"
        assert len(points.values) == 5
        assert points.messages[0].startswith("InternalError: ")

    def test_a_metric_without_points_is_complete(self) -> None:
        points = ask(Query("m1", KEY, "Sum", 60), minutes=10).points["m1"]

        assert (points.status, points.values) == ("Complete", {})

    @pytest.mark.parametrize(
        ("kind", "error"),
        [(FaultKind.THROTTLE, AwsThrottled), (FaultKind.DENIED, AwsDenied)],
    )
    def test_refusals_are_told_apart(
        self,
        cloud: Cloud,
        kind: FaultKind,
        error: type[Exception],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        cloud.faults.add(Fault(kind, "cloudwatch.*"))

        with pytest.raises(error):
            list(list_metrics(HERE))

    def test_a_throttled_page_is_asked_for_again(
        self, publish: Publish, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        publish("Shop", *data(1))
        cloud.faults.add(Fault(FaultKind.THROTTLE, "cloudwatch.*", count=2))

        assert list(list_metrics(HERE)) == [[KEY]]


class TestPages:
    """Answers that the sandbox does not give."""

    @pytest.fixture
    def pages(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[list[dict[str, Any]]], Answer]:
        class Door:
            def __init__(self, target: Target, service: str) -> None:
                self._left: list[dict[str, Any]] = list(answers)

            def wait_for(self, pace: object) -> None:
                return None

            def call(self, operation: str, **asked: Any) -> dict[str, Any]:
                page = self._left.pop(0)
                return {**page, "NextToken": "more"} if self._left else page

        answers: list[dict[str, Any]] = []
        monkeypatch.setattr("apps.monitoring.metrics.cloudwatch.Door", Door)

        def answer(given: list[dict[str, Any]]) -> Answer:
            answers[:] = given
            return ask(Query("m1", KEY, "Sum", 60), minutes=10)

        return answer

    @staticmethod
    def page(status: str, *seconds: int, messages: Any = ()) -> dict[str, Any]:
        result = {
            "Id": "m1",
            "Timestamps": [at(one) for one in seconds],
            "Values": [1.0 for _ in seconds],
            "StatusCode": status,
            "Messages": messages,
        }
        return {"MetricDataResults": [result]}

    def test_partial_then_complete_is_complete(self, pages: Any) -> None:
        answer = pages([self.page("PartialData", 60), self.page("Complete", 120)])

        assert answer.points["m1"].status == "Complete"
        assert list(answer.points["m1"].values) == [60, 120]

    def test_complete_then_failed_is_failed(self, pages: Any) -> None:
        told = [{"Code": "InternalError", "Value": "Try again."}]
        failed = self.page("InternalError", messages=told)

        answer = pages([self.page("Complete", 60), failed])

        assert answer.points["m1"].status == "InternalError"
        assert answer.points["m1"].messages == ("InternalError: Try again.",)
        assert list(answer.points["m1"].values) == [60]

    def test_an_empty_page_in_between_ends_nothing(self, pages: Any) -> None:
        empty: dict[str, Any] = {"MetricDataResults": []}

        answer = pages([empty, self.page("Complete", 60), empty])

        assert list(answer.points["m1"].values) == [60]

    def test_what_is_not_answered_at_all_has_failed(self, pages: Any) -> None:
        assert pages([{"MetricDataResults": []}]).points["m1"].status == "InternalError"

    def test_messages_about_all_are_kept(self, pages: Any) -> None:
        told = [{"Code": "MaxMetricsExceeded", "Value": "Too many."}]

        answer = pages([{"MetricDataResults": [], "Messages": told}])

        assert answer.messages == ["MaxMetricsExceeded: Too many."]


def recorded() -> list[Any]:
    """Every expectation about recorded answers, with its answer."""
    folder = cases_folder() / "aws-responses"
    if not folder.is_dir():
        return []
    made = []
    for case in json.loads((folder / "expected_metrics.json").read_text()):
        lines = (folder / case["file"]).read_text().splitlines()
        answer = json.loads(lines[case["line"]], object_hook=as_boto3_gives_it)
        name = f"{case['file']}-{case['line']}"
        made.append(pytest.param(case, answer["data"], id=name))
    return made


def as_boto3_gives_it(found: dict[str, Any]) -> Any:
    """Times as boto3 parses them from the wire."""
    if found.pop("__class__", None) == "datetime":
        return datetime(**found, tzinfo=UTC)
    moment = found.get("Timestamp")
    if isinstance(moment, str):
        found["Timestamp"] = datetime.fromisoformat(moment)
    return found


@pytest.mark.cases
@pytest.mark.parametrize(("expected", "answer"), recorded())
def test_recorded_answers_lose_no_point(
    cases: Path, expected: Mapping[str, Any], answer: Mapping[str, Any]
) -> None:
    found = statistics_points(answer)

    statistics = {name for name, _ in found}
    for name in statistics:
        values = [
            v for (n, _), points in found.items() if n == name for v in points.values()
        ]
        assert len(values) == expected[name]["n"]
        assert sum(values) == pytest.approx(expected[name]["total"])
        assert max(values) == expected[name]["max"]
        assert min(values) == expected[name]["min"]
    assert statistics == {
        name for name, told in expected.items() if isinstance(told, dict)
    }
    assert {unit for _, unit in found} == set(expected["units"])
    times = [at(moment) for points in found.values() for moment in points]
    if times:
        assert (min(times), max(times)) == (
            utc(expected["first"]),
            utc(expected["last"]),
        )


def utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
