"""Where a page ended, so that the next one begins right after it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import orjson

from apps.search.engines.base import InvalidCursor, SortOrder
from apps.search.engines.orders import time_of_order
from apps.search.timerange import from_milliseconds

_LARGEST_ORDER = 2**64 - 2


@dataclass(frozen=True, slots=True)
class Cursor:
    """The order of the last document seen, and the ids seen with that order.

    Orders are all but unique; the few ids make paging exact where they are not.
    """

    order: int
    seen: frozenset[str]
    direction: SortOrder = SortOrder.NEWEST

    def __str__(self) -> str:
        packed = orjson.dumps([self.order, *sorted(self.seen)])
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()

    @classmethod
    def parse(cls, text: str, direction: SortOrder) -> Cursor:
        """Raises InvalidCursor for what `str` of a cursor never wrote."""
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            order, *seen = orjson.loads(packed)
        except (binascii.Error, ValueError, TypeError) as error:
            raise InvalidCursor("This page cursor is not valid.") from error
        is_order = isinstance(order, int) and 0 <= order <= _LARGEST_ORDER
        if not is_order or not all(isinstance(one, str) for one in seen):
            raise InvalidCursor("This page cursor is not valid.")
        return cls(order, frozenset(seen), direction)

    def reaches(self, day: str) -> bool:
        """Whether a day can hold anything at or beyond the cursor."""
        moment = from_milliseconds(time_of_order(self.order))
        here = moment.date().isoformat()
        return day <= here if self.direction is SortOrder.NEWEST else day >= here
