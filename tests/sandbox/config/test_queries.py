"""The query language of SelectResourceConfig."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.config import answers, queries
from tests.conftest import cases_folder

ROWS: list[dict[str, Any]] = [
    {
        "resourceId": "a",
        "configuration": {
            "size": 10,
            "public": True,
            "rules": [{"port": 22, "from": "x"}, {"port": 80}],
        },
        "tags": [{"key": "team", "value": "shop", "tag": "team=shop"}],
    },
    {"resourceId": "b", "configuration": {"size": 30, "rules": []}, "tags": []},
    {"resourceId": "it's", "configuration": {"size": 20, "name": "web-1"}},
]


def ids(where: str) -> list[str]:
    query = queries.parse(f"SELECT resourceId WHERE {where}")
    return [row["resourceId"] for row in answers.answer(query, ROWS)]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("resourceId = 'a'", ["a"]),
        ("resourceId = 'it''s'", ["it's"]),
        ("resourceId != 'a'", ["b", "it's"]),
        ("resourceId <> 'a'", ["b", "it's"]),
        ("configuration.size > 10", ["b", "it's"]),
        ("configuration.size >= 20 AND configuration.size < 30", ["it's"]),
        ("configuration.size BETWEEN 10 AND 20", ["a", "it's"]),
        ("configuration.size in (10, 30)", ["a", "b"]),
        ("configuration.size = '10'", ["a"]),
        ("configuration.public = true", ["a"]),
        ("configuration.public = 'true'", ["a"]),
        ("configuration.name LIKE 'web%'", ["it's"]),
        ("configuration.name LIKE 'web'", []),
        ("configuration.rules.port = 80", ["a"]),
        ("tags.tag = 'team=shop'", ["a"]),
        ("NOT configuration.size > 10", ["a"]),
        ("resourceId NOT IN ('a', 'b')", ["it's"]),
        ("resourceId = 'a' OR resourceId = 'b' AND configuration.size = 1", ["a"]),
        (
            "(resourceId = 'a' OR resourceId = 'b') AND configuration.size > 1",
            ["a", "b"],
        ),
        ("configuration.nothing = 'x'", []),
        ("configuration.size > 'text'", []),
    ],
)
def test_conditions(where: str, expected: list[str]) -> None:
    assert ids(where) == expected


def answered(expression: str) -> list[dict[str, Any]]:
    return answers.answer(queries.parse(expression), ROWS)


def test_properties_keep_their_place() -> None:
    (first, *_) = answered("select resourceId, configuration.size, configuration.name")

    assert first == {"resourceId": "a", "configuration": {"size": 10}}


def test_properties_of_lists_stay_together() -> None:
    (first, *_) = answered("SELECT configuration.rules.port, configuration.rules.from")

    assert first == {
        "configuration": {"rules": [{"port": 22, "from": "x"}, {"port": 80}]}
    }


def test_a_star_is_everything() -> None:
    assert answered("SELECT *") == ROWS


def test_groups_are_counted() -> None:
    found = answered(
        "SELECT configuration.size, COUNT(*) GROUP BY configuration.size "
        "ORDER BY configuration.size DESC"
    )

    assert found[0] == {"configuration": {"size": 30}, "COUNT(*)": 1}
    assert [row["configuration"]["size"] for row in found] == [30, 20, 10]


def test_aggregates_without_groups_are_one_row() -> None:
    (row,) = answered(
        "SELECT COUNT(*), SUM(configuration.size), AVG(configuration.size), "
        "MIN(configuration.size), MAX(configuration.size)"
    )

    assert list(row.values()) == [3, 60.0, 20.0, 10.0, 30.0]
    assert "SUM(configuration.size)" in row


def test_rows_are_ordered_by_number_and_text() -> None:
    by_size = answered("SELECT resourceId ORDER BY configuration.size DESC")

    assert [row["resourceId"] for row in by_size] == ["b", "it's", "a"]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "resourceId",
        "SELECT",
        "SELECT resourceId FROM x",
        "SELECT resourceId WHERE",
        "SELECT resourceId WHERE resourceId =",
        "SELECT resourceId WHERE resourceId = 'a",
        "SELECT resourceId WHERE resourceId LIKE '%a'",
        "SELECT resourceId, COUNT(*)",
        "SELECT SUM(*)",
        "SELECT resourceId WHERE (resourceId = 'a'",
        "SELECT resourceId; DROP",
    ],
)
def test_what_is_no_query_is_refused(expression: str) -> None:
    with pytest.raises(queries.QueryError):
        queries.parse(expression)


def _pages() -> list[Path]:
    return sorted((cases_folder() / "config").glob("*.json"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test of each query the pages show, and of each result."""
    if "shown_query" in metafunc.fixturenames:
        metafunc.parametrize("shown_query", [q for p in _pages() for q in _queries(p)])
    if "shown_results" in metafunc.fixturenames:
        metafunc.parametrize(
            "shown_results", [r for p in _pages() for r in _results(p)], ids=str
        )


def _queries(page: Path) -> list[str]:
    content = json.loads(page.read_text())
    blocks = content["other_blocks"] if isinstance(content, dict) else []
    return [b["text"] for b in blocks if b.get("text", "").startswith("SELECT")]


def _results(page: Path) -> list[dict[str, Any]]:
    content = json.loads(page.read_text())
    blocks = content["json_blocks"] if isinstance(content, dict) else []
    return [b["value"] for b in blocks if "QueryInfo" in b["value"]]


@pytest.mark.cases
def test_a_query_of_the_documentation_is_read(shown_query: str) -> None:
    query = queries.parse(shown_query)

    assert query.selected
    assert (query.where is not None) == ("WHERE" in shown_query)


@pytest.mark.cases
def test_a_result_of_the_documentation_has_the_fields_in_its_place(
    shown_results: dict[str, Any],
) -> None:
    rows = [json.loads(row) for row in shown_results["Results"]]
    names = [field["Name"] for field in shown_results["QueryInfo"]["SelectFields"]]
    plain = [name for name in names if "(" not in name]
    query = queries.parse(f"SELECT {', '.join(plain)}")

    found = answers.answer(query, rows)

    bare = [
        {n: v for n, v in row.items() if n in names or "(" not in n} for row in rows
    ]
    kept = [{n: v for n, v in row.items() if "(" not in n} for row in bare]
    assert found == kept
