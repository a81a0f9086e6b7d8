"""What queries may cost at most, and that no line harms them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.logs.insights import evaluate, functions
from sandbox.logs.insights.keeping import TooLarge
from sandbox.logs.insights.parser import parse_query
from sandbox.logs.insights.records import Record, discovered
from sandbox.logs.insights.syntax import QueryError
from sandbox.logs.insights.values import number, order, text
from tests.sandbox.logs.conftest import NOW_MS, Put, within

MEGABYTE = 1_048_576


def ran(source: str, *lines: str) -> list[dict[str, str]]:
    records = [Record(line, NOW_MS, NOW_MS, "one", "1:/shop", "p") for line in lines]
    return [dict(row) for row in evaluate.run(parse_query(source), records).rows]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("replace", ["a" * 2_000, "a", "b" * 100_000]),
        ("replace", ["a" * 1_000, "", "b" * 100_000]),
        ("concat", ["a" * 400_000] * 9),
        ("toupper", ["ß" * MEGABYTE]),
    ],
)
def test_no_function_makes_more_than_a_megabyte(name: str, given: list[str]) -> None:
    made = within(1, lambda: functions.call(name, given))

    assert len(made) == MEGABYTE
    assert made[0] == {"replace": given[-1][0], "concat": "a", "toupper": "S"}[name]


def test_short_texts_are_replaced_whole() -> None:
    assert functions.call("replace", ["aXbX", "X", "--"]) == "a--b--"
    assert functions.call("replace", ["ab", "", "-"]) == "-a-b-"


@pytest.mark.parametrize(
    "source",
    [
        "fields replace(@message, 'a', @message) as x",
        "stats count(*) by replace(@message, 'a', @message)",
        "dedup replace(@message, 'a', @message)",
        "fields replace(@message, 'a', @message) as x | sort x",
    ],
)
def test_a_query_that_would_keep_too_much_fails(source: str) -> None:
    lines = [f"{at}" + "a" * 1_100 for at in range(300)]

    with pytest.raises(TooLarge):
        ran(source, *lines)


def test_a_query_that_is_stopped_ends_at_the_next_record(logs: Any, put: Put) -> None:
    put(*["a" * 1_000] * 900)
    slow = "| ".join(["fields replace(@message, 'a', @message) as x "] * 90)
    asked = {"logGroupName": "/shop", "startTime": 0, "endTime": NOW_MS}
    query = logs.start_query(queryString=slow, **asked)["queryId"]
    logs.stop_query(queryId=query)

    found = within(1, lambda: logs.get_query_results(queryId=query))

    assert found["status"] == "Cancelled"
    assert found["statistics"]["recordsScanned"] < 900


@pytest.mark.parametrize("depth", [60, 250, 900, 1_020, 20_000])
@pytest.mark.parametrize("brackets", ['{"a":|}', "[|]"])
def test_a_deep_line_has_no_fields_and_harms_no_query(
    depth: int, brackets: str
) -> None:
    opening, closing = brackets.split("|")
    deep = '{"a":' + opening * depth + "1" + closing * depth + "}"

    assert discovered(deep) == {}
    assert ran("fields a, a.a.a as x, @message", deep)[0]["@message"] == deep
    assert Record(deep, 0, 0, "one", "1:/shop", "p").fields()["@message"] == deep


def test_a_line_of_many_flat_parts_keeps_its_fields() -> None:
    line = '{"list":[' + ",".join(['{"a":[1]}'] * 100) + '],"b":2}'

    assert ran("fields list.99.a.0 as x, b", line)[0]["x"] == "1"


@pytest.mark.parametrize(
    "odd",
    [
        '{"n":"' + "9" * 5_000 + '"}',
        '{"n":"' + "9" * 200_000 + 'x"}',
        '{"n":1e300}',
        '{"n":99999999999999999999}',
        '{"n":"²"}',
        '{"n":-1}',
        '{"n":[1,2]}',
    ],
)
@pytest.mark.parametrize(
    "expression",
    [
        "n * n * n", "n + 1", "n ^ n", "fromMillis(n)", "toMillis(n)", "n.²", "n % 7",
        "datefloor(n, 1mo)", "dateceil(n, 99999999y)", "datefloor(n, 1d)", "floor(n)",
        "substr(@message, n)", "bin(1h)", "log(n)", "fromMillis(n) + 1", "abs(n)",
        "concat(fromMillis(n), 'x')", "isIpInSubnet(n, n)",
    ],
)  # fmt: skip
def test_odd_values_harm_no_query(odd: str, expression: str) -> None:
    shown, counted = f"fields {expression} as x, @message", f"stats sum({expression})"

    rows = within(2, lambda: ran(shown, odd))
    within(2, lambda: ran(f"{counted}, avg(n), stddev(n), pct(n, 50) by n", odd))

    assert rows[0]["@message"] == odd


def test_numbers_that_grow_stay_small() -> None:
    squares = " | ".join(["fields x * x as x"] * 60)

    assert "x" not in within(1, lambda: ran(f"fields 9 as x | {squares}", "a"))[0]


@pytest.mark.parametrize(
    "source",
    [
        "fields " + "+".join(["1"] * 2_000),
        "fields " + "^".join(["1"] * 2_000),
        "fields " + "(" * 49 + "1" + "+1" * 40 + ("+1" * 40 + ")") * 49,
        "fields " + "abs(" * 70 + "1" + ")" * 70,
        "fields " + "9" * 5_000,
        "fields bin(" + "9" * 5_000 + "m)",
        "limit " + "9" * 5_000,
        " | ".join(["fields a"] * 1_000),
    ],
)
def test_a_query_too_deep_or_too_long_is_malformed(source: str) -> None:
    with pytest.raises(QueryError):
        parse_query(source)


def test_many_alternatives_are_no_depth() -> None:
    source = " or ".join(f"a = {at}" for at in range(1_000))

    assert ran(f"filter {source} | fields a", '{"a":999}', '{"a":1000}') == [
        {"a": "999", "@ptr": "p"}
    ]


def test_values_beyond_all_sizes_compare_and_print() -> None:
    assert number("9" * 5_000) is None
    assert order("9" * 5_000, "8") == 1
    assert text(10**400) is not None
