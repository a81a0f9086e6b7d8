"""Logs Insights: the language, its evaluation, and queries that run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.logs.insights import evaluate
from sandbox.logs.insights.parser import parse_query
from sandbox.logs.insights.records import Record
from sandbox.logs.insights.syntax import QueryError
from tests.conftest import cases_folder
from tests.sandbox.conftest import NOW
from tests.sandbox.logs.conftest import NOW_MS, Put

REPORT = (
    "REPORT RequestId: 1d24998e\tDuration: 339.77 ms\tBilled Duration: 400 ms \t"
    "Memory Size: 512 MB\tMax Memory Used: 29 MB\t\n"
)
FLOW = (
    "2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21 20641 22 6 20 4249 "
    "1418530010 1418530070 ACCEPT OK"
)
ORDERS = [
    '{"path": "/pay", "ms": 30, "status": 500, "user": {"name": "ann"}}',
    '{"path": "/pay", "ms": 10, "status": 200, "user": {"name": "bob"}}',
    '{"path": "/cart", "ms": 20, "status": "200", "tags": ["a", {"k": "v"}]}',
    "plain text",
]


def run(source: str, *messages: str, most: int | None = None) -> list[dict[str, str]]:
    """Rows without pointers; each message is a minute older than the one before."""
    records = [
        Record(message, NOW_MS - at * 60_000, NOW_MS, "one", "1:/shop", f"p{at}")
        for at, message in enumerate(messages or ORDERS)
    ]
    rows = evaluate.run(parse_query(source), records, most).rows
    return [{name: value for name, value in row if name != "@ptr"} for row in rows]


def values(source: str, *messages: str) -> list[str]:
    """Of the only column."""
    return [value for row in run(source, *messages) for value in row.values()]


def one(expression: str, *messages: str) -> str | None:
    (row,) = run(f"fields {expression} as x", *(messages or ("{}",)))
    return row.get("x")


def test_without_fields_time_and_message_are_shown_newest_first() -> None:
    rows = run("limit 1")

    assert rows == [{"@timestamp": "2026-09-21 14:13:20.000", "@message": ORDERS[0]}]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("status = 200", 2),
        ('status = "200"', 2),
        ("status != 200", 2),
        ("ms >= 20", 2),
        ("ms > 10 and ms < 30", 1),
        ("path = '/pay' or path = '/cart'", 3),
        ("not (path = '/pay')", 2),
        ("path like /^.p/", 2),
        ("path like 'art'", 1),
        ("path not like 'art'", 3),
        ("path =~ /(?i)PAY/", 2),
        ("status in [500, 404]", 1),
        ("status not in [500]", 3),
        ("ispresent(ms)", 3),
        ("not ispresent(ms)", 1),
        ("user.name = 'ann'", 1),
        ("tags.0 = 'a' and tags.1.k = 'v'", 1),
        ("@message like 'plain'", 1),
        ("(ms + 10) / 2 = 20", 1),
        ("ms % 20 = 10", 2),
        ("strcontains(path, 'ca')", 1),
        ("`user.name` = 'bob'", 1),
        ("isempty(path)", 1),
    ],
)
def test_filters(condition: str, found: int) -> None:
    assert len(run(f"filter {condition}")) == found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("abs(3 - 5)", "2"),
        ("ceil(1.2)", "2"),
        ("floor(-1.2)", "-2"),
        ("greatest(1, 3, 2)", "3"),
        ("least(3, 1)", "1"),
        ("sqrt(16)", "4"),
        ("log(1)", "0"),
        ("2 ^ 3", "8"),
        ("10 % 3", "1"),
        ("1 / 3", "0.3333"),
        ("1 / 0", None),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("-2 + 5", "3"),
        ("concat('a', '-', 5)", "a-5"),
        ("strlen('häuser')", "6"),
        ("substr('xyZfooxyZ', 3, 3)", "foo"),
        ("substr('xyZfoo', 3)", "foo"),
        ("replace('smoke_test', 'smoke_test', 'Smoke')", "Smoke"),
        ("tolower('AbC')", "abc"),
        ("toupper('AbC')", "ABC"),
        ("trim('  a ')", "a"),
        ("trim('xyZxyfooxyxyZ', 'xyZ')", "foo"),
        ("ltrim('xyZxyfooxyZ', 'xyZ')", "fooxyZ"),
        ("rtrim('xyZfooxyxyZ', 'xyZ')", "xyZfoo"),
        ("isempty('')", "1"),
        ("isblank('  ')", "1"),
        ("coalesce(nothing, 'b')", "b"),
        ("ispresent(nothing)", "0"),
        ("fromMillis(1000)", "1970-01-01 00:00:01.000"),
        ("toMillis(@timestamp)", str(NOW_MS)),
        ("datefloor(@timestamp, 1h)", "2026-09-21 14:00:00.000"),
        ("dateceil(@timestamp, 1h)", "2026-09-21 15:00:00.000"),
        ("datefloor(@timestamp, 1mo)", "2026-09-01 00:00:00.000"),
        ("dateceil(@timestamp, 1y)", "2027-01-01 00:00:00.000"),
        ("datefloor(@timestamp, 1w)", "2026-09-21 00:00:00.000"),
        ("bin(5m)", "2026-09-21 14:10:00.000"),
        ("isValidIp('10.0.0.1')", "1"),
        ("isValidIpV6('10.0.0.1')", "0"),
        ("isIpv4InSubnet('10.0.0.9', '10.0.0.0/24')", "1"),
        ("isIpv6InSubnet('2001:db8::1', '2001:db8::/32')", "1"),
        ("isIpInSubnet('nowhere', '10.0.0.0/24')", "0"),
        ("@log", "1:/shop"),
    ],
)
def test_expressions(expression: str, expected: str | None) -> None:
    assert one(expression) == expected


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("count(*)", "4"),
        ("count()", "4"),
        ("count(ms)", "3"),
        ("count_distinct(path)", "2"),
        ("sum(ms)", "60"),
        ("avg(ms)", "20"),
        ("min(ms)", "10"),
        ("max(ms)", "30"),
        ("pct(ms, 50)", "20"),
        ("pct(ms, 99)", "30"),
        ("stddev(ms)", "8.165"),
        ("earliest(path)", "/cart"),
        ("latest(path)", "/pay"),
        ("sortsFirst(path)", "/cart"),
        ("sortsLast(path)", "/pay"),
        ("sum(ms) / count(ms)", "20"),
        ("max(ms) - min(ms)", "20"),
    ],
)
def test_aggregations(aggregation: str, expected: str) -> None:
    assert values(f"stats {aggregation} as x") == [expected]


def test_groups_are_by_fields_and_periods() -> None:
    rows = run(
        "stats count(*), avg(ms) as mean by path, bin(2m) | sort path desc, mean"
    )

    assert rows == [
        {
            "path": "/pay",
            "bin(2m)": "2026-09-21 14:12:00.000",
            "count(*)": "2",
            "mean": "20",
        },
        {
            "path": "/cart",
            "bin(2m)": "2026-09-21 14:10:00.000",
            "count(*)": "1",
            "mean": "20",
        },
        {"bin(2m)": "2026-09-21 14:10:00.000", "count(*)": "1"},
    ]


def test_stats_follow_stats_and_later_columns_use_earlier_ones() -> None:
    rows = run(
        "stats max(ms) as most, min(ms) as least, most - least as spread by path"
        " | filter spread >= 0 | stats sum(spread) as total, count(*) as paths"
    )

    assert rows == [{"total": "20", "paths": "2"}]


def test_a_group_of_nothing_counts_nothing() -> None:
    assert run("filter path = '/none' | stats count(*)") == [{"count(*)": "0"}]
    assert run("filter path = '/none' | stats count(*) by path") == []


def test_rows_are_sorted_as_numbers_and_limited() -> None:
    assert values("filter ispresent(ms) | fields ms | sort ms desc | limit 2") == [
        "30",
        "20",
    ]
    assert values("stats count(*) by path | sort count(*) desc | limit 1") == [
        "/pay",
        "2",
    ]


def test_dedup_keeps_the_first_of_each() -> None:
    assert values("filter ispresent(ms) | fields ms | dedup path") == ["30", "20"]


def test_the_last_display_says_what_is_shown() -> None:
    assert run("fields path, ms | display ms | display path | limit 1") == [
        {"path": "/pay"}
    ]


def test_parse_takes_fields_by_wildcards() -> None:
    line = "25 May 2019 10:24:39,474 [ERROR] {foo=2} The error was: DataIntegrity"
    source = (
        'parse @message "[*] * The error was: *" as level, config, exception'
        " | display level, config, exception"
    )

    assert values(source, line) == ["ERROR", "{foo=2}", "DataIntegrity"]


def test_parse_takes_named_groups() -> None:
    source = (
        r"parse @message /user=(?<user>\w+), took (?<ms>\d+)/ | stats sum(ms) by user"
    )

    rows = run(source, "user=a, took 3", "user=a, took 4", "nobody")

    assert rows[0] == {"user": "a", "sum(ms)": "7"}


def test_comments_and_large_letters_are_understood() -> None:
    source = "FIELDS ms # all of them\n  # | filter ms = 0\n | FILTER ms IN [10]"

    assert values(source) == ["10"]


def test_lines_of_lambda_have_fields() -> None:
    source = (
        'filter @type = "REPORT" | fields @requestId, @duration, @billedDuration,'
        " @memorySize / 1000 / 1000 as size, @maxMemoryUsed"
    )

    assert values(source, REPORT, "START RequestId: 1 Version: 1") == [
        "1d24998e",
        "339.77",
        "400",
        "512",
        "29000000",
    ]


def test_flow_logs_have_fields() -> None:
    assert values("fields srcAddr, dstPort, bytes, action", FLOW) == [
        "172.31.16.139",
        "22",
        "4249",
        "ACCEPT",
    ]


@pytest.mark.parametrize(
    ("source", "start", "end"),
    [
        ("fields @message | filtre a = 1", 18, 24),
        ("filter a =", 10, 10),
        ("fields nope(a)", 7, 11),
        ("limit many", 6, 10),
        ("filter a like /(/", 14, 17),
        ("parse @message '* *' as one", 15, 20),
        ("fields a ;", 9, 10),
        ("filter " + "(" * 100, 57, 58),
    ],
)
def test_mistakes_are_found_where_they_are(source: str, start: int, end: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(source)

    assert (caught.value.start, caught.value.end) == (start, end)


def query_list() -> list[Any]:
    file = cases_folder() / "patterns" / "logs_insights.json"
    return json.loads(file.read_text()) if file.exists() else []


@pytest.mark.cases
@pytest.mark.parametrize("case", query_list(), ids=lambda case: case["query"][:60])
def test_queries_of_the_documentation(case: Mapping[str, Any]) -> None:
    query = parse_query(case["query"])

    assert evaluate.run(query, [Record("{}", 0, 0, "s", "l", "p")]).matched <= 1


def finished(logs: Any, source: str, **asked: Any) -> Any:
    """The results of a query that has ended."""
    span = {"startTime": int(NOW) - 3_600, "endTime": int(NOW)}
    started = logs.start_query(
        **{"logGroupName": "/shop", "queryString": source, **span, **asked}
    )
    found = logs.get_query_results(queryId=started["queryId"])
    while found["status"] == "Running":
        found = logs.get_query_results(queryId=started["queryId"])
    return found


def test_a_query_is_started_and_its_results_read(logs: Any, put: Put) -> None:
    put(*ORDERS)

    found = finished(logs, "filter ms > 10 | stats count(*) as n by path | sort path")

    assert found["status"] == "Complete"
    assert [[one["value"] for one in row] for row in found["results"]] == [
        ["/cart", "1"],
        ["/pay", "1"],
    ]
    assert found["statistics"]["recordsMatched"] == 2
    assert found["statistics"]["recordsScanned"] == 4
    assert found["statistics"]["bytesScanned"] == sum(len(m) + 26 for m in ORDERS)


def test_both_ends_of_the_time_are_included(logs: Any, put: Put) -> None:
    put("before", "start", "end", "after", at=[-10_001, -10_000, 999, 1_000])
    span = {"startTime": int(NOW) - 10, "endTime": int(NOW)}

    found = finished(logs, "fields @message | sort @timestamp asc", **span)

    assert [row[0]["value"] for row in found["results"]] == ["start", "end"]


def test_a_limit_hides_rows_but_not_their_number(logs: Any, put: Put) -> None:
    put(*"abcde")

    found = finished(logs, "fields @message", limit=2)

    assert len(found["results"]) == 2
    assert found["statistics"]["recordsMatched"] == 5


def test_results_are_read_in_pages(logs: Any, put: Put) -> None:
    put(*"abc", at=[1, 2, 3])
    span = {"startTime": int(NOW) - 10, "endTime": int(NOW) + 10}
    started = logs.start_query(
        logGroupName="/shop", queryString="fields @message", **span
    )["queryId"]
    while logs.get_query_results(queryId=started)["status"] == "Running":
        pass

    first = logs.get_query_results(queryId=started, maxItems=2)
    second = logs.get_query_results(
        queryId=started, maxItems=2, nextToken=first["nextToken"]
    )

    rows = [*first["results"], *second["results"]]
    assert [row[0]["value"] for row in rows] == ["c", "b", "a"]


def test_several_groups_are_queried_together(logs: Any, put: Put) -> None:
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="s")
    put("here", at=[-1])
    logs.put_log_events(
        logGroupName="/other",
        logStreamName="s",
        logEvents=[{"timestamp": NOW_MS, "message": "there"}],
    )

    names = {"logGroupName": None, "logGroupNames": ["/shop", "/other"]}
    asked = {name: value for name, value in names.items() if value}
    started = logs.start_query(
        queryString="fields @log",
        startTime=int(NOW) - 60,
        endTime=int(NOW),
        **asked,
    )["queryId"]
    while (found := logs.get_query_results(queryId=started))["status"] == "Running":
        pass

    assert [row[0]["value"] for row in found["results"]] == [
        "111122223333:/other",
        "111122223333:/shop",
    ]


def test_a_record_is_read_by_its_pointer(logs: Any, put: Put) -> None:
    put(ORDERS[0])
    (row,) = finished(logs, "fields path")["results"]
    pointer = {one["field"]: one["value"] for one in row}["@ptr"]

    record = logs.get_log_record(logRecordPointer=pointer)["logRecord"]

    assert record["@message"] == ORDERS[0]
    assert (record["user.name"], record["ms"]) == ("ann", "30")
    assert (record["@timestamp"], record["@logStream"]) == (str(NOW_MS), "one")


def test_fields_of_a_group_have_their_share_of_events(logs: Any, put: Put) -> None:
    put(*ORDERS)

    found = logs.get_log_group_fields(logGroupName="/shop")["logGroupFields"]

    shares = {one["name"]: one["percent"] for one in found}
    assert (shares["@message"], shares["path"], shares["user.name"]) == (100, 75, 50)


def test_a_query_that_is_none_is_refused_with_the_place(logs: Any) -> None:
    with pytest.raises(ClientError) as caught:
        finished(logs, "fields @message | nonsense")

    said: Any = caught.value.response
    assert said["Error"]["Code"] == "MalformedQueryException"
    assert said["queryCompileError"]["location"] == {
        "startCharOffset": 18,
        "endCharOffset": 26,
    }


def test_an_expression_that_would_never_end_fails_the_query(
    logs: Any, put: Put
) -> None:
    put("a" * 40_000)

    found = finished(logs, r"filter @message like /(\w|a)*(a|\w)*(a|\w)*[bc]$/")

    assert found["status"] == "Failed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"logGroupName": "/none"},
        {"logGroupNames": ["/shop"]},
        {"startTime": 20, "endTime": 10},
        {"queryLanguage": "SQL"},
    ],
)
def test_questions_that_cannot_be_asked(logs: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameter|ResourceNotFound"):
        finished(logs, "fields a", **wrong)


def test_queries_are_listed_and_stopped_only_while_they_run(logs: Any) -> None:
    finished(logs, "fields a")
    (found,) = logs.describe_queries(status="Complete")["queries"]

    assert (found["queryString"], found["logGroupName"]) == ("fields a", "/shop")
    with pytest.raises(ClientError, match="not running"):
        logs.stop_query(queryId=found["queryId"])


def test_definitions_are_kept_changed_and_removed(logs: Any) -> None:
    put_one = logs.put_query_definition
    made = put_one(name="shop/slow", queryString="sort ms")["queryDefinitionId"]
    put_one(name="shop/fast", queryString="sort ms asc", queryDefinitionId=made)

    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="shop/")[
        "queryDefinitions"
    ]

    assert (found["name"], found["lastModified"]) == ("shop/fast", NOW_MS)
    assert logs.delete_query_definition(queryDefinitionId=made)["success"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        logs.delete_query_definition(queryDefinitionId=made)
