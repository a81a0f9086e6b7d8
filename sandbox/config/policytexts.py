"""Reads policies attached to resources: whom do they let in?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]


def statements(policy: str | None) -> list[Statement]:
    if not policy:
        return []
    found = json.loads(policy).get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def grants_everyone(policy: str | None, actions: Iterable[str]) -> bool:
    """Whether anyone may do one of the actions, without a condition that narrows it."""
    wanted = tuple(actions)
    return any(
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and _is_everyone(statement.get("Principal"))
        and any(_covers(given, wanted) for given in _texts(statement.get("Action")))
        for statement in statements(policy)
    )


def _is_everyone(principal: Any) -> bool:
    if isinstance(principal, Mapping):
        return "*" in _texts(principal.get("AWS"))
    return bool(principal == "*")


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _covers(given: str, wanted: tuple[str, ...]) -> bool:
    """Either may hold wildcards: `s3:*` covers `s3:Get*`, and that `s3:GetObject`."""
    small = given.lower()
    return any(
        fnmatchcase(one.lower(), small) or fnmatchcase(small, one.lower())
        for one in wanted
    )
