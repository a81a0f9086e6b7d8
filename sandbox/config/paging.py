"""Pages by position: the token is where the next page begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sandbox.kernel.errors import ApiError

One = TypeVar("One")
_MARK = "next-"


def page(
    found: Sequence[One], token: Any, limit: int, name: str = "nextToken"
) -> tuple[list[One], dict[str, str]]:
    """The page, and the token of the next as the answer's member, if there is one."""
    start = _start(token)
    end = start + limit
    more = {name: f"{_MARK}{end}"} if end < len(found) else {}
    return list(found[start:end]), more


def _start(token: Any) -> int:
    if not token:
        return 0
    given = str(token).removeprefix(_MARK)
    if not given.isdigit():
        raise ApiError("InvalidNextTokenException", "The nextToken provided is invalid")
    return int(given)
