"""What changed, whatever the order of lists."""

from typing import Any

import pytest

from apps.discovery.inventory.differences import differences
from tests.discovery.inventory.things import an_item

SSH = {"fromPort": 22, "toPort": 22, "ipProtocol": "tcp", "ipRanges": ["10.0.0.0/8"]}
WEB = {"fromPort": 443, "toPort": 443, "ipProtocol": "tcp", "ipRanges": ["0.0.0.0/0"]}


def told(before: Any, after: Any) -> list[tuple[Any, ...]]:
    found = differences(
        an_item(configuration={"is": before}), an_item(configuration={"is": after})
    )
    return [
        (one.path.removeprefix("configuration."), one.kind, one.before, one.after)
        for one in found
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([SSH, WEB], [WEB, SSH], []),
        ([{"a": [1, 2]}, {"a": [3]}], [{"a": [3]}, {"a": [2, 1]}], []),
        (1, 2, [("is", "changed", 1, 2)]),
        ({"a": 1}, {"a": 1, "b": None}, []),
        ({"a": 1}, {"a": 1, "b": 2}, [("is.b", "added", None, 2)]),
        (["x", "y", "y"], ["y", "x"], [("is[]", "removed", "y", None)]),
        (
            [SSH, WEB],
            [WEB, {**SSH, "ipRanges": ["0.0.0.0/0"]}],
            [
                ("is[22-22-tcp].ipRanges[]", "removed", "10.0.0.0/8", None),
                ("is[22-22-tcp].ipRanges[]", "added", None, "0.0.0.0/0"),
            ],
        ),
        (
            [{"key": "team", "value": "a"}, {"key": "env", "value": "x"}],
            [{"key": "env", "value": "x"}, {"key": "team", "value": "b"}],
            [("is[team].value", "changed", "a", "b")],
        ),
        ([WEB], [], [("is[443-443-tcp]", "removed", WEB, None)]),
        ({"a": 1}, [1], [("is", "changed", {"a": 1}, [1])]),
    ],
)
def test_only_what_is_different_is_told(
    before: Any, after: Any, expected: list[tuple[Any, ...]]
) -> None:
    assert told(before, after) == expected
