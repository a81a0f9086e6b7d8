"""Pages of lists that are held in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.logs.groups import invalid

_TOKEN = re.compile(r"at-(\d{1,12})", re.ASCII)


def page(
    items: Sequence[Any], parameters: Mapping[str, Any], key: str, most: int = 50
) -> dict[str, Any]:
    """One page of `items` under `key`, with a token where more follow.

    Raises InvalidParameterException for a token that is none of ours.
    """
    token = _TOKEN.fullmatch(str(parameters.get("nextToken") or "at-0"))
    if token is None:
        raise invalid("The specified nextToken is invalid.")
    start = int(token[1])
    limit = parameters.get("limit") or parameters.get("maxResults") or most
    end = start + int(limit)
    answer: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        answer["nextToken"] = f"at-{end}"
    return answer
