"""The language of advanced queries, by AWS's own examples and limits."""

import json
from pathlib import Path
from typing import Any

import pytest

from apps.discovery.inventory.select.answering import answer
from apps.discovery.inventory.select.reading import read
from apps.discovery.inventory.select.syntax import SelectError
from tests.conftest import cases_folder

RULES = [
    {"action": "allow", "port": 443},
    {"action": "deny", "port": 22},
]
R = {
    "resourceId": "R",
    "resourceType": "AWS::EC2::SecurityGroup",
    "tags": [{"tag": "team=web", "key": "team", "value": "web"}],
    "configuration": {
        "rules": RULES,
        "encrypted": False,
        "size": 100,
        "state": "available",
        "ipPermissions": [{"ipRanges": ["10.0.0.0/24", "192.168.0.2/32"]}],
    },
}
OTHER = {
    "resourceId": "S",
    "resourceType": "AWS::EC2::Volume",
    "configuration": {"size": 7, "encrypted": True, "state": {"value": "in-use"}},
}


def found(text: str, *records: dict[str, Any]) -> list[Any]:
    return list(answer(read(text), records or (R, OTHER)))


def ids(where: str) -> list[str]:
    return [one["resourceId"] for one in found(f"SELECT resourceId WHERE {where}")]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # Each condition is met by any element for itself: also by different ones.
        ("configuration.rules.action = 'allow' AND configuration.rules.port = 22", "R"),
        ("configuration.rules.port = 80", ""),
        ("configuration.size > 50", "R"),
        ("configuration.size BETWEEN 5 AND 10", "S"),
        ("configuration.size NOT BETWEEN 5 AND 10", "R"),
        ("configuration.encrypted = false", "R"),
        ("configuration.encrypted = 'true'", "S"),
        ("configuration.state.value = 'available'", "R"),
        ("configuration.state.value = 'in-use'", "S"),
        ("resourceType LIKE 'AWS::EC2::%'", "RS"),
        ("resourceType LIKE 'AWS::EC2::Volum_'", "S"),
        ("resourceId IN ('R', 'X')", "R"),
        ("NOT resourceId = 'R'", "S"),
        ("tags.tag = 'team=web'", "R"),
        ("tags.key = 'team' and tags.value = 'web'", "R"),
        ("(resourceId = 'R' OR resourceId = 'S') AND configuration.size < 50", "S"),
        # A network holds the address that is asked for.
        ("configuration.ipPermissions.ipRanges = '10.0.0.7'", "R"),
        ("configuration.ipPermissions.ipRanges = '10.0.1.7'", ""),
        ("configuration.ipPermissions.ipRanges = '10.0.0.0/25'", "R"),
        ("configuration.ipPermissions.ipRanges = '10.0.0.0/8'", ""),
        (
            "configuration.ipPermissions.ipRanges BETWEEN '10.0.0.200' AND '10.1.0.0'",
            "R",
        ),
        ("configuration.ipPermissions.ipRanges > '192.168.0.2'", ""),
    ],
)
def test_a_condition_keeps(where: str, expected: str) -> None:
    assert "".join(ids(where)) == expected


def test_only_what_was_asked_for_is_told_in_its_place() -> None:
    assert found("SELECT configuration.rules.port, configuration.size", R) == [
        {"configuration": {"rules": [{"port": 443}, {"port": 22}], "size": 100}}
    ]


def test_a_star_is_the_ten_scalars() -> None:
    record = {**R, "accountId": "1", "version": "1.3"}
    assert found("select *", record) == [
        {
            "resourceId": "R",
            "resourceType": "AWS::EC2::SecurityGroup",
            "accountId": "1",
            "version": "1.3",
        }
    ]


def test_groups_and_aggregates() -> None:
    text = (
        "SELECT resourceType, COUNT(*), SUM(configuration.size) GROUP BY resourceType "
        "ORDER BY COUNT(*) DESC"
    )
    assert found(text, R, OTHER, OTHER) == [
        {
            "resourceType": "AWS::EC2::Volume",
            "COUNT(*)": 2,
            "SUM(configuration.size)": 14,
        },
        {
            "resourceType": "AWS::EC2::SecurityGroup",
            "COUNT(*)": 1,
            "SUM(configuration.size)": 100,
        },
    ]


def test_order() -> None:
    told = found("SELECT resourceId ORDER BY configuration.size")
    assert [one["resourceId"] for one in told] == ["S", "R"]


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("SELECT resourceId FROM x", 18, "FROM"),
        ("SELECT DISTINCT resourceId", 7, "DISTINCT"),
        ("SELECT resourceId WHERE", 23, "ends"),
        ("SELECT resourceId WHERE a = NULL", 28, "NULL"),
        ("SELECT a WHERE b LIKE 'ab%'", 22, "three letters"),
        ("SELECT a WHERE b LIKE '%abc'", 22, "end"),
        ("SELECT a, COUNT(*)", 0, "group by it"),
        ("SELECT COUNT(*) GROUP BY a, b, c, d", 0, "three"),
        ("SELECT a WHERE b ~ 3", 17, "comparison"),
        ("SELECT AVG(*)", 7, "property"),
    ],
)
def test_an_error_says_where(text: str, position: int, says: str) -> None:
    with pytest.raises(SelectError, match=says) as caught:
        read(text)
    assert caught.value.position == position


def _queries() -> list[str]:
    folder = cases_folder() / "config"
    return [
        text
        for file in sorted(folder.rglob("*.json"))
        for text in _texts(json.loads(file.read_text()))
    ]


def _texts(told: Any) -> list[str]:
    blocks = told.get("other_blocks", ()) if isinstance(told, dict) else ()
    return [
        block["text"]
        for block in blocks
        if block["text"].lstrip().upper().startswith("SELECT")
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "query" in metafunc.fixturenames:
        metafunc.parametrize("query", _queries() if _exists() else [])


def _exists() -> bool:
    return Path(cases_folder() / "config").exists()


@pytest.mark.cases
def test_an_example_of_the_documentation_is_read(query: str) -> None:
    assert list(answer(read(query), [R, OTHER])) is not None
    assert read(query).columns
