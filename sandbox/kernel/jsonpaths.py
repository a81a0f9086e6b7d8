"""The part of JSONPath that EventBridge and Systems Manager take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_STEP = re.compile(
    r"\.(?P<name>[^.\[\]*]+)|\[(?P<index>\d+)\]|(?P<all>\[\*\]|\.\*)"
    r"|\[(?P<quote>['\"])(?P<key>.+?)(?P=quote)\]"
)
ABSENT: Final = object()


def find(path: str, document: Any) -> Any:
    """What `$.detail.items[0].name` names, or ABSENT; `[*]` gives a list."""
    return _follow(document, list(_STEP.finditer(path.removeprefix("$"))))


def _follow(value: Any, steps: list[re.Match[str]]) -> Any:
    for at, step in enumerate(steps):
        if step["all"]:
            items = value if isinstance(value, list) else []
            found = [_follow(item, steps[at + 1 :]) for item in items]
            return [item for item in found if item is not ABSENT]
        value = _step(value, step)
    return value


def _step(value: Any, step: re.Match[str]) -> Any:
    if step["index"] is not None:
        index = int(step["index"])
        is_there = isinstance(value, list) and index < len(value)
        return value[index] if is_there else ABSENT
    name = step["name"] or step["key"]
    return value.get(name, ABSENT) if isinstance(value, Mapping) else ABSENT
