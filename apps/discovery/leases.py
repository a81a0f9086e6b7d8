"""Claims on rows, so that of any number of workers one works on a row at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q

# Longer than any step between two renewals; a worker that died is followed after it.
LEASE = timedelta(seconds=90)
_RENEW_BEFORE = timedelta(seconds=75)

Clock = Callable[[], datetime]
Row = TypeVar("Row", bound=Model)


class LeaseLost(Exception):
    """The row was taken over by another process, or is gone."""


class Lease(Generic[Row]):
    """A claim on `row` until the time in one of its columns."""

    def __init__(self, row: Row, column: str) -> None:
        self.row = row
        self._column = column

    @classmethod
    def take(cls, row: Row, column: str, now: datetime) -> Lease[Row] | None:
        """The row as it is now, claimed; None where somebody else has it."""
        rows = type(row)._default_manager  # noqa: SLF001 - Django's own name for it
        free = Q(**{column: None}) | Q(**{f"{column}__lt": now})
        if not rows.filter(free, pk=row.pk).update(**{column: now + LEASE}):
            return None
        row.refresh_from_db()
        return cls(row, column)

    def write(self, **fields: Any) -> None:
        """Change columns of the row, if it is still ours. Raises LeaseLost."""
        if not self._held().update(**fields):
            raise LeaseLost(f"{self.row} is worked on by another process.")
        for name, value in fields.items():
            setattr(self.row, name, value)

    def keep(self, now: datetime) -> None:
        """Renew the claim if some of it is used up. Raises LeaseLost."""
        until: datetime = getattr(self.row, self._column)
        if now + _RENEW_BEFORE >= until:
            self.write(**{self._column: now + LEASE})

    def give_back(self, **fields: Any) -> bool:
        """End the claim and change columns; False where it was lost already."""
        return bool(self._held().update(**{self._column: None, **fields}))

    def _held(self) -> Any:
        rows = type(self.row)._default_manager  # noqa: SLF001 - as above
        until = getattr(self.row, self._column)
        return rows.filter(pk=self.row.pk, **{self._column: until})
