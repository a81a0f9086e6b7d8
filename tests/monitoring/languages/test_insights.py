"""Logs Insights QL: the guide's queries, every command, every function, errors."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from apps.monitoring.languages import insights
from apps.monitoring.languages.insights import QueryError
from apps.monitoring.languages.insights.lines import frame_of
from apps.search.engines.columns import Row, block_of, flattened
from tests.conftest import cases_folder

_FILE = cases_folder() / "patterns" / "logs_insights.json"
_MINUTE = 60_000


def _cases() -> list[dict[str, Any]]:
    return json.loads(_FILE.read_text()) if _FILE.exists() else []


def ask(query: str, *lines: dict[str, Any], block: int = 2) -> list[tuple[str, ...]]:
    """What a query answers over lines a minute apart, fed in blocks, newest first."""
    rows = [
        Row(f"id{at}", at * _MINUTE, "111122223333", "eu-west-1", flattened(one), 100)
        for at, one in enumerate(lines)
    ]
    rows.reverse()
    run = insights.compile(query).run()
    for start in range(0, len(rows), block):
        run.feed(frame_of(block_of(rows[start : start + block], "@message"), 0))
    return list(run.finish().texts())


def said(*messages: str) -> list[dict[str, Any]]:
    return [{"@message": message} for message in messages]


@pytest.mark.cases
@pytest.mark.parametrize("case", _cases(), ids=lambda case: case["caption"])
def test_query_of_the_guide_is_answered(cases: Path, case: dict[str, Any]) -> None:
    ask(case["query"], {"@message": "x", "bytes": 3, "f1": "Exception"})


SERVED: tuple[dict[str, Any], ...] = (
    {"@message": "GET /a 200", "status": 200, "ms": 10, "host": "a"},
    {"@message": "GET /b 500", "status": 500, "ms": 30, "host": "b"},
    {"@message": "PUT /a 200", "status": 200, "ms": 20, "host": "a"},
    {"@message": "odd", "host": "b", "note": {"deep": ["x", "y"]}},
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fields @message | filter status = 500", [("GET /b 500",)]),
        ('fields ms | filter status != "200"', [("",), ("30",)]),
        ("fields ms | filter status in [200, 201] | sort ms", [("10",), ("20",)]),
        ("fields ms | filter status not in [200] and ms > 1", [("30",)]),
        ("fields ms | filter not (status = 200) | sort ms desc", [("30",), ("",)]),
        ("fields host | filter @message like /^PUT/", [("a",)]),
        ("fields host | filter @message =~ /(?i)put/", [("a",)]),
        ("fields host | filter @message not like 'GET' | sort host", [("a",), ("b",)]),
        ("fields ms * 2 + 1 as x | filter x > 40 | sort x", [("41",), ("61",)]),
        ("fields ms ^ 2 % 7 as x | filter ms = 10", [("2",)]),
        ("fields `ms` / 4 as q | limit 2", [("",), ("5",)]),
        ("stats count(*) by host | sort host", [("a", "2"), ("b", "2")]),
        ("stats count(ms) as n by host | sort n desc", [("a", "2"), ("b", "1")]),
        ("stats sum(ms), avg(ms), min(ms), max(ms)", [("60", "20", "10", "30")]),
        ("stats pct(ms, 50), median(ms), stddev(ms)", [("20", "20", "8.165")]),
        ("stats count_distinct(host) as hosts", [("2",)]),
        ("stats max(ms) - min(ms) as spread", [("20",)]),
        ("stats max(ms) as top, min(ms) as low, top - low as d", [("30", "10", "20")]),
        ("stats earliest(ms), latest(host)", [("10", "b")]),
        ("stats sortsFirst(host), sortsLast(host)", [("a", "b")]),
        (
            "stats count(*) by bin(2m) as t | sort t",
            [("1970-01-01 00:00:00.000", "2"), ("1970-01-01 00:02:00.000", "2")],
        ),
        ("fields ms | sort ms desc | limit 1", [("30",)]),
        ("fields host, ms | dedup host", [("b", ""), ("a", "20")]),
        ("fields note.deep.1 as n | filter ispresent(n)", [("y",)]),
        ("fields ms, host | display host | limit 1", [("b",)]),
        ("fields ms # | filter 1 = 2\n | limit 1", [("",)]),
        (
            'parse @message "* /* *" as verb, path, code | filter code = 200 '
            "| display verb, path | sort verb",
            [("GET", "a"), ("PUT", "a")],
        ),
        (
            r"parse @message /(?<verb>[A-Z]+) \/(?<path>\w)/ | stats count(*) by verb"
            " | sort verb desc | limit 2",
            [("PUT", "1"), ("GET", "2")],
        ),
        (
            "stats avg(ms) as a by host | filter a > 20 | stats count(*)",
            [("1",)],
        ),
        (
            "stats count(*) as n by host | sort n desc, host desc",
            [("b", "2"), ("a", "2")],
        ),
        ("fields host | limit 2", [("b",), ("a",)]),
    ],
)
def test_query_gives(query: str, expected: list[tuple[str, ...]]) -> None:
    for block in (1, 3, 100):
        assert ask(query, *SERVED, block=block) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("abs(-2.5)", "2.5"), ("ceil(1.2)", "2"), ("floor(1.8)", "1"),
        ("greatest(1, 3, 2)", "3"), ("least(2, 1)", "1"), ("log(1)", "0"),
        ("sqrt(9)", "3"), ("sqrt(-1)", ""), ("1 / 0", ""),
        ("ispresent(nothing)", "0"), ("coalesce(nothing, 'b')", "b"),
        ("isempty('')", "1"), ("isblank('  ')", "1"), ("concat('a', 1)", "a1"),
        ("ltrim('  a')", "a"), ("rtrim('a  ')", "a"), ("trim('xax', 'x')", "a"),
        ("strlen('four')", "4"), ("toupper('a')", "A"), ("tolower('A')", "a"),
        ("substr('xyz', 1)", "yz"), ("substr('xyz', 0, 2)", "xy"),
        ("replace('aba', 'a', 'c')", "cbc"), ("strcontains('abc', 'b')", "1"),
        ("datefloor(@timestamp, 1h)", "1970-01-01 00:00:00.000"),
        ("dateceil(@timestamp + 1, 1d)", "1970-01-02 00:00:00.000"),
        ("datefloor(@timestamp, 1mo)", "1970-01-01 00:00:00.000"),
        ("fromMillis(1000)", "1970-01-01 00:00:01.000"),
        ("toMillis(@timestamp)", "0"), ("now()", "0"),
        ("isValidIp('::1')", "1"), ("isValidIpV4('::1')", "0"),
        ("isValidIpV6('::1')", "1"), ("isIpInSubnet('10.1.2.3', '10.0.0.0/8')", "1"),
        ("isIpv4InSubnet('11.1.2.3', '10.0.0.0/8')", "0"),
        ("isIpv6InSubnet('fd00::1', 'fd00::/8')", "1"),
        ("jsonParse('{\"a\": 1}')", '{"a": 1}'),
    ],
)  # fmt: skip
def test_function_gives(expression: str, expected: str) -> None:
    assert ask(f"fields {expression} as x", *said("one")) == [(expected,)]


def test_unnest_makes_a_row_of_each_element() -> None:
    line = {"@message": '{"items": [{"n": 1}, {"n": 2}]}'}
    query = "fields jsonParse(@message) as j | unnest j.items into i | stats sum(i.n)"
    assert ask(query, line) == [("3",)]
    assert ask("unnest items into i | stats count(*)", line) == [("2",)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("j.list[1].n", "2"),
        ("j.list[0]", '{"n":1}'),
        ("j.`odd.name`.`two words`", "3"),
        ("j.list[7].n", ""),
        ("list[1].n", "2"),
    ],
)
def test_structures_are_reached_into(expression: str, expected: str) -> None:
    body = '{"list": [{"n": 1}, {"n": 2}], "odd.name": {"two words": 3}}'
    line = {"@message": body, "list": [{"n": 1}, {"n": 2}]}
    query = f"fields jsonParse(@message) as j | fields {expression} as x | display x"
    assert ask(query, line) == [(expected,)]


@pytest.mark.parametrize(
    "order", ["sort ms desc", "sort by ms desc", "order by ms desc"]
)
def test_rows_are_sorted_however_it_is_written(order: str) -> None:
    assert ask(f"fields ms | {order} | limit 1", *SERVED) == [("30",)]


def test_subquery_is_for_aws() -> None:
    with pytest.raises(QueryError, match="subquery") as caught:
        insights.compile("filter id in (SOURCE '/a' | fields id)")
    assert caught.value.is_foreign
    assert caught.value.position == 13


@pytest.mark.parametrize(
    ("query", "other"), [("SELECT 1", "SQL"), ("where a = 1", "PPL")]
)
def test_other_languages_are_named_and_not_for_aws(query: str, other: str) -> None:
    with pytest.raises(QueryError, match=other) as caught:
        insights.compile(query)
    assert not caught.value.is_foreign


_COMMANDS = "pattern @message|diff|anomaly|join x|lookup t k|unmask @message|addtotals"


@pytest.mark.parametrize("command", [*_COMMANDS.split("|"), "filterIndex a = 1"])
def test_what_only_aws_answers_is_named(command: str) -> None:
    with pytest.raises(QueryError, match=command.split()[0]) as caught:
        insights.compile(f"fields @message | {command}")
    assert caught.value.is_foreign
    assert caught.value.position == len("fields @message | ")


@pytest.mark.parametrize(
    ("query", "position", "says"),
    [
        ("filter a ==", 10, "="),
        ("filter a >== 5", 11, "a number"),
        ("fields a | filter b = | limit 1", 22, "a number"),
        ("fields a-b | filter", 19, "not complete"),
        ("filter a like /(?=x)/", 15, "Looking ahead"),
        ("filter a like /(x/", 15, "not valid"),
        ("stats nonsense(a)", 6, "no function"),
        ("stats avg()", 6, "takes 1"),
        ("limit 0", 6, "100,000"),
        ('parse @message "a*b*" as x', 15, "each star"),
        ("bogus", 0, "a command is"),
        ('filter a = "x', 11, "not closed"),
    ],
)
def test_error_names_place_and_cure(query: str, position: int, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        insights.compile(query)
    assert caught.value.position == position
    assert says in str(caught.value)


def test_newest_lines_end_the_search_early() -> None:
    rows = [Row(f"{at}", at, "1", "r", {"@message": "x"}, 1) for at in (9, 8)]
    run = insights.compile("fields @message | limit 2").run()
    assert run.needs(9)
    run.feed(frame_of(block_of(rows, "@message"), 0))
    assert not run.needs(7)
    assert run.needs(8)


def test_deviation_merges_over_blocks() -> None:
    numbers = [3, 1, 4, 1, 5, 9, 2, 6]
    mean = sum(numbers) / len(numbers)
    expected = math.sqrt(sum((n - mean) ** 2 for n in numbers) / len(numbers))
    lines = [{"@message": "m", "n": n} for n in numbers]
    [(found,)] = ask("stats stddev(n)", *lines, block=3)
    assert float(found) == pytest.approx(expected, abs=1e-4)


def test_hostile_expression_takes_linear_time() -> None:
    assert ask("filter @message like /(a+)+$/", *said("a" * 100_000 + "b")) == []


def test_many_alternatives_are_no_deep_tree() -> None:
    condition = " or ".join(f"ms = {n}" for n in range(500))
    assert len(ask(f"filter {condition}", *SERVED)) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fields ms | sort ms desc | limit 2", [("20",), ("",)]),
        ("stats count(*) as n by host | sort n desc | limit 1", [("b", "1")]),
        ("stats count(*) as n by host | stats sum(n) as n", [("2",)]),
        ("dedup host | fields ms | limit 1", [("",)]),
        ("fields ms | limit 3 | limit 1", [("",)]),
    ],
)
def test_answer_so_far_is_that_of_the_lines_so_far(
    query: str, expected: list[tuple[str, ...]]
) -> None:
    rows = [
        Row(f"id{at}", at * _MINUTE, "1", "r", flattened(one), 100)
        for at, one in reversed(list(enumerate(SERVED)))
    ]
    run, whole = insights.compile(query).run(), insights.compile(query).run()
    run.feed(frame_of(block_of(rows[:2], "@message"), 0))
    assert list(run.so_far().texts()) == expected
    assert list(run.so_far().texts()) == expected
    run.feed(frame_of(block_of(rows[2:], "@message"), 0))
    whole.feed(frame_of(block_of(rows, "@message"), 0))
    assert list(run.finish().texts()) == list(whole.finish().texts())
