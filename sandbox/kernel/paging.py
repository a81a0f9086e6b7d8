"""Pages of a list, and tokens that say where the next begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sandbox.kernel.errors import ApiError

Item = TypeVar("Item")
_DIGITS = 12


def page(
    items: Sequence[Item], token: Any, size: Any, most: int
) -> tuple[Sequence[Item], str | None]:
    """The items from `token` on, `size` at most, and the next token if more follow."""
    start = _start(token)
    end = start + min(int(size or most), most)
    return items[start:end], (f"at-{end}" if end < len(items) else None)


def _start(token: Any) -> int:
    if not token:
        return 0
    digits = str(token).removeprefix("at-")
    # Other scripts have digits too, and a long number takes long to read.
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _DIGITS:
        raise ApiError("ValidationException", "The pagination token is not valid.")
    return int(digits)
