"""What metric math computes, asked with GetMetricData."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.cloudwatch.conftest import (
    MINUTE,
    ask,
    at,
    datum,
    dimension,
    expression,
    metric,
    minutes_ago,
    refusal,
    values,
)

M1 = {5: 10.0, 4: 20.0, 3: 30.0, 1: 50.0}
M2 = {5: 2.0, 4: 4.0, 2: 8.0, 1: 0.0}
"""Two metrics by minutes ago; each lacks a minute the other has."""


@pytest.fixture
def shop(cloudwatch: Any) -> Any:
    data = [datum(value, ago, MetricName="A") for ago, value in M1.items()]
    data += [datum(value, ago, MetricName="B") for ago, value in M2.items()]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    return cloudwatch


def computed(client: Any, text: str) -> list[tuple[float, float]]:
    """Minutes ago and values of an expression over m1 and m2."""
    answer = ask(
        client,
        expression(text),
        metric("m1", name="A", ReturnData=False),
        metric("m2", name="B", ReturnData=False),
        minutes=5,
    )
    return list(zip(minutes_ago(answer), values(answer), strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1 + m2", [(5, 12), (4, 24), (1, 50)]),
        ("m1 - 1", [(5, 9), (4, 19), (3, 29), (1, 49)]),
        ("m1 / m2", [(5, 5), (4, 5)]),
        ("2 ^ m2", [(5, 4), (4, 16), (2, 256), (1, 1)]),
        ("-m2", [(5, -2), (4, -4), (2, -8), (1, 0)]),
        ("m1 > 20", [(5, 0), (4, 0), (3, 1), (1, 1)]),
        ("m1 >= 20 AND m2 != 0", [(5, 0), (4, 1), (1, 0)]),
        ("m2 == 0 OR m2 == 8", [(5, 0), (4, 0), (2, 1), (1, 1)]),
        ("ABS(m1 - 30)", [(5, 20), (4, 10), (3, 0), (1, 20)]),
        ("CEIL(m1 / 20)", [(5, 1), (4, 1), (3, 2), (1, 3)]),
        ("FLOOR(m1 / 20)", [(5, 0), (4, 1), (3, 1), (1, 2)]),
        ("LOG10(m1 * 10)", [(5, 2), (4, 2.30103), (3, 2.477121), (1, 2.69897)]),
        ("LOG(m2 / m2)", [(5, 0), (4, 0), (2, 0)]),
        ("m1 * 0 + AVG(m1)", [(5, 27.5), (4, 27.5), (3, 27.5), (1, 27.5)]),
        ("m1 / SUM(m1)", [(5, 10 / 110), (4, 20 / 110), (3, 30 / 110), (1, 50 / 110)]),
        ("SUM([m1, m2])", [(5, 12), (4, 24), (3, 30), (2, 8), (1, 50)]),
        ("MAX([m1, m2])", [(5, 10), (4, 20), (3, 30), (2, 8), (1, 50)]),
        ("MIN(METRICS())", [(5, 2), (4, 4), (3, 30), (2, 8), (1, 0)]),
        ("AVG([m1, m2])", [(5, 6), (4, 12), (3, 30), (2, 8), (1, 25)]),
        ("STDDEV([m1, m2])", [(5, 4), (4, 8), (3, 0), (2, 0), (1, 25)]),
        ("DIFF(m1)", [(4, 10), (3, 10), (1, 20)]),
        ("DIFF_TIME(m1)", [(4, 60), (3, 60), (1, 120)]),
        ("RATE(m1)", [(4, 10 / 60), (3, 10 / 60), (1, 20 / 120)]),
        ("RUNNING_SUM(m1)", [(5, 10), (4, 30), (3, 60), (1, 110)]),
        ("FILL(m1, 0)", [(5, 10), (4, 20), (3, 30), (2, 0), (1, 50), (0, 0)]),
        ("FILL(m1, REPEAT)", [(5, 10), (4, 20), (3, 30), (2, 30), (1, 50), (0, 50)]),
        ("FILL(m1, LINEAR)", [(5, 10), (4, 20), (3, 30), (2, 40), (1, 50)]),
        ("IF(m1 > 20, m1, 0)", [(5, 0), (4, 0), (3, 30), (1, 50)]),
        ("IF(m1 > 20, m2)", [(1, 0)]),
        ("IF(1, m2, m1)", [(5, 2), (4, 4), (2, 8), (1, 0)]),
        ("m1 * 0 + METRIC_COUNT(METRICS())", [(5, 2), (4, 2), (3, 2), (1, 2)]),
        ("m1 * 0 + DATAPOINT_COUNT(m2)", [(5, 4), (4, 4), (3, 4), (1, 4)]),
        ("m1 * 0 + PERIOD(m1)", [(5, 60), (4, 60), (3, 60), (1, 60)]),
        ("FIRST([m1, m2])", [(5, 10), (4, 20), (3, 30), (1, 50)]),
        ("LAST([m1, m2])", [(5, 2), (4, 4), (2, 8), (1, 0)]),
        ("SLICE(METRICS(), 1, 2)", [(5, 2), (4, 4), (2, 8), (1, 0)]),
        ("SORT(METRICS(), AVG, ASC, 1)", [(5, 2), (4, 4), (2, 8), (1, 0)]),
        ("SORT(METRICS(), MAX, DESC, 1)", [(5, 10), (4, 20), (3, 30), (1, 50)]),
        ("TIME_SERIES(7)", [(5, 7), (4, 7), (3, 7), (2, 7), (1, 7), (0, 7)]),
        # MINUTE is 14:13 of Monday the 21st of September 2026.
        ("MINUTE(m1)", [(5, 8), (4, 9), (3, 10), (1, 12)]),
        ("HOUR(m1)", [(5, 14), (4, 14), (3, 14), (1, 14)]),
        ("DAY(m1)", [(5, 1), (4, 1), (3, 1), (1, 1)]),
        ("DATE(m1)", [(5, 21), (4, 21), (3, 21), (1, 21)]),
        ("MONTH(m1)", [(5, 9), (4, 9), (3, 9), (1, 9)]),
        ("YEAR(m1)", [(5, 2026), (4, 2026), (3, 2026), (1, 2026)]),
        ("EPOCH(m1) - 1790000000", [(5, -320), (4, -260), (3, -200), (1, -80)]),
    ],
)
def test_expressions(shop: Any, text: str, expected: list[tuple[float, float]]) -> None:
    found = computed(shop, text)

    assert [time for time, _ in found] == [time for time, _ in expected]
    assert [value for _, value in found] == pytest.approx([v for _, v in expected])


def test_expressions_use_expressions(shop: Any) -> None:
    answer = ask(
        shop,
        expression("e2 * 2", "e1"),
        expression("m1 + 1", "e2", ReturnData=False),
        metric("m1", name="A", ReturnData=False),
    )

    assert values(answer) == [22, 42, 62, 102]
    assert [result["Id"] for result in answer["MetricDataResults"]] == ["e1"]


def test_an_array_answers_with_a_result_for_each(shop: Any) -> None:
    answer = ask(
        shop,
        expression("METRICS('m') * 10"),
        metric("m1", name="A", ReturnData=False),
        metric("m2", name="B", ReturnData=False),
        metric("other", name="B", ReturnData=False),
    )

    results = answer["MetricDataResults"]
    assert [r["Label"] for r in results] == ["A", "B"]
    assert [r["Values"][0] for r in results] == [100, 20]


def test_empty_series_are_removed(shop: Any) -> None:
    answer = ask(
        shop,
        expression("REMOVE_EMPTY(METRICS())"),
        metric("m1", name="A", ReturnData=False),
        metric("m2", name="Nobody", ReturnData=False),
    )

    assert [r["Label"] for r in answer["MetricDataResults"]] == ["A"]


@pytest.fixture
def hosts(cloudwatch: Any) -> Any:
    """`CPUUtilization` and `DiskReads` of two hosts, and one of a whole group."""
    where = [
        dimension("Host", "web-1"),
        dimension("Host", "db-2"),
        dimension("Group", "web-1"),
    ]
    data = [
        datum(1, 1, MetricName=name, Dimensions=place)
        for name in ("CPUUtilization", "DiskReads")
        for place in where
    ]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    return cloudwatch


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("{Shop,Host}", ["db-2 C", "db-2 D", "web-1 C", "web-1 D"]),
        ('{Shop,Host} MetricName="CPUUtilization"', ["db-2 C", "web-1 C"]),
        ("{Shop,Host} cpu", ["db-2 C", "web-1 C"]),
        ("{Shop,Host} Disk web", ["web-1 D"]),
        ("{Shop,Host} NOT disk", ["db-2 C", "web-1 C"]),
        ('{Shop,Host} Host=("web-1" OR "db-2") disk', ["db-2 D", "web-1 D"]),
        ('{Shop,Host} (cpu AND web) OR "DiskReads"', ["db-2 D", "web-1 C", "web-1 D"]),
        ("{Shop,Group} utilization", ["web-1 C"]),
        ("{Shop} cpu", []),
        ("{Other,Host}", []),
        ('Group="web-1" cpu', ["web-1 C"]),
    ],
)
def test_searches(hosts: Any, search: str, expected: list[str]) -> None:
    answer = ask(hosts, expression(f"SEARCH('{search}', 'Sum', 60)"))

    found = [r["Label"].rpartition(" ") for r in answer["MetricDataResults"]]
    assert sorted(f"{host} {name[0]}" for host, _, name in found) == expected


def test_a_search_is_computed_with(hosts: Any) -> None:
    text = "SUM(SEARCH('{Shop,Host} MetricName=\"DiskReads\"', 'Sum', 60))"

    assert values(ask(hosts, expression(text))) == [2]


def test_a_band_is_around_the_mean_of_the_hour(cloudwatch: Any) -> None:
    data = [datum(value, ago) for ago, value in ((4, 10), (3, 14), (2, 10), (1, 14))]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)

    answer = ask(
        cloudwatch,
        expression("ANOMALY_DETECTION_BAND(m1, 3)"),
        metric("m1"),
        StartTime=at(MINUTE - 120),
        EndTime=at(MINUTE),
    )

    upper, lower = answer["MetricDataResults"][:2]
    assert upper["Values"] == [18, 18]
    assert lower["Values"] == [6, 6]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("AVERAGE(m1)", "Unsupported function 'AVERAGE' at position 0"),
        ("m1 + m9", "Unknown identifier 'm9' at position 5"),
        ("m1 +", "Unexpected end of expression at position 4"),
        ("SUM()", "Wrong number of arguments for function 'SUM'"),
        ("METRICS() + METRICS()", "Unsupported operand type(s) for +"),
        ("AVG(m1)", "must return a time series"),
        ("FILL(m1, ASC)", "FILL takes"),
        ("SORT(METRICS(), m1, ASC)", "SORT takes"),
        ("e1 + 1", "Circular reference to 'e1'"),
        ("SEARCH('{Shop', 'Sum', 60)", "Invalid syntax in SEARCH"),
        ("SEARCH('{Shop} (a', 'Sum', 60)", "')' is missing"),
        ("SEARCH('{Shop} a', 'Best', 60)", "Unsupported statistic"),
        ("(" * 500, "Nested too deeply"),
        (f"SEARCH('{'(' * 500}', 'Sum', 60)", "nested too deeply"),
        (f"SEARCH('{'NOT ' * 300}a', 'Sum', 60)", "nested too deeply"),
        (f"SEARCH('{'a=' * 500}a', 'Sum', 60)", "nested too deeply"),
    ],
)
def test_faults_name_the_expression(shop: Any, text: str, said: str) -> None:
    code, message = refusal(
        shop.get_metric_data,
        MetricDataQueries=[expression(text), metric("m1", name="A")],
        StartTime=at(MINUTE - 600),
        EndTime=at(MINUTE),
    )

    assert code == "ValidationError"
    assert message.startswith("Error in expression 'e1' [")
    assert said in message


def test_metrics_insights_are_refused_as_absent(shop: Any) -> None:
    code, _ = refusal(
        shop.get_metric_data,
        MetricDataQueries=[expression("SELECT AVG(A) FROM Shop")],
        StartTime=at(MINUTE - 600),
        EndTime=at(MINUTE),
    )

    assert code == "NotImplementedBySandbox"


def test_circles_through_others_are_refused(cloudwatch: Any) -> None:
    circle = [expression("e2", "e1"), expression("e3", "e2"), expression("e1", "e3")]

    code, message = refusal(lambda: ask(cloudwatch, *circle))

    assert code == "ValidationError"
    assert "Circular reference to 'e" in message


def test_queries_that_use_each_other_twice_are_looked_at_once(shop: Any) -> None:
    doubled = [expression(f"e{n + 1} + e{n + 1}", f"e{n}") for n in range(30)]

    answer = ask(shop, *doubled, metric("e30", name="A"), minutes=5)

    assert values(answer, "e0") == [10 * 2**30, 20 * 2**30, 30 * 2**30, 50 * 2**30]


def test_hundreds_of_expressions_may_stand_on_each_other(shop: Any) -> None:
    chain = [expression(f"e{n + 1} + 1", f"e{n}") for n in range(499)]

    answer = ask(shop, *chain, metric("e499", name="A"), minutes=5)

    assert values(answer, "e0") == [509, 519, 529, 549]


def test_a_sum_may_be_as_long_as_aws_lets_it_be(shop: Any) -> None:
    assert computed(shop, "m1" + "+1" * 1_023)[0] == (5, 1_033)


def test_fifty_levels_are_computed(shop: Any) -> None:
    text = "0 OR 0 AND 0<0+0*ABS(" * 49 + "m1" + ")" * 49

    assert computed(shop, text) == [(5, 0), (4, 0), (3, 0), (1, 0)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SLICE(METRICS(), 0/0)", "SLICE takes whole numbers"),
        ("SLICE(METRICS(), 1e400)", "SLICE takes whole numbers"),
        ("SORT(METRICS(), SUM, ASC, 0/0)", "SORT takes whole numbers"),
        ("SEARCH('{Shop}', 'Sum', 0/0)", "SEARCH takes whole numbers"),
        ("SEARCH('{Shop}', 'Sum', 6e300)", "Unsupported period"),
    ],
)
def test_what_is_no_number_is_refused(shop: Any, text: str, said: str) -> None:
    code, message = refusal(lambda: ask(shop, expression(text), metric("m1")))

    assert code == "ValidationError"
    assert said in message


@pytest.mark.parametrize(
    "text",
    ["TIME_SERIES(1/0)", "TIME_SERIES(LOG(0))", "[1/0]", "FILL(m1 * 0/0, 1/0)"],
)
def test_what_is_no_number_is_no_datapoint(shop: Any, text: str) -> None:
    assert computed(shop, text) == []


YEARS = {"StartTime": at(MINUTE - 3 * 365 * 86_400), "EndTime": at(MINUTE)}


def test_hidden_expressions_are_bounded_as_well(shop: Any) -> None:
    fine = expression("TIME_SERIES(1)", "a", Period=1, ReturnData=False)
    asked: dict[str, Any] = YEARS

    code, message = refusal(
        lambda: ask(shop, fine, expression("SUM(a)*m1"), metric("m1"), **asked)
    )

    assert code == "ValidationError"
    assert "more than 100800 periods of the expression 'a'" in message


@pytest.mark.parametrize(
    "texts",
    [
        ["[" + ",".join(["TIME_SERIES(1)"] * 130) + "]"] * 2,
        ["[" + ",".join("1" * 1_020) + "]"],
        ["[" + ",".join("1" * 900) + "]", "[e0, e0]"],
    ],
)
def test_what_would_fill_the_memory_is_refused(shop: Any, texts: list[str]) -> None:
    asked: dict[str, Any] = {**YEARS, "StartTime": at(MINUTE - 100_000)}
    queries = [expression(text, f"e{n}", Period=1) for n, text in enumerate(texts)]

    code, message = refusal(lambda: ask(shop, *queries, **asked))

    assert code == "ValidationError"
    assert "computes too many datapoints" in message
