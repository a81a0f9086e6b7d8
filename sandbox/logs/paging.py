"""Pages of lists that are held in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.logs.groups import invalid

_MARK = "at-"


def page(
    items: Sequence[Any], parameters: Mapping[str, Any], key: str, most: int = 50
) -> dict[str, Any]:
    """One page of `items` under `key`, with a token where more follow.

    Raises InvalidParameterException for a token that is none of ours.
    """
    token = parameters.get("nextToken") or f"{_MARK}0"
    start = str(token).removeprefix(_MARK)
    if not str(token).startswith(_MARK) or not start.isdigit():
        raise invalid("The specified nextToken is invalid.")
    limit = parameters.get("limit") or parameters.get("maxResults") or most
    end = int(start) + int(limit)
    answer: dict[str, Any] = {key: list(items[int(start) : end])}
    if end < len(items):
        answer["nextToken"] = f"{_MARK}{end}"
    return answer
