"""One process at a time below a home folder.

The embedded index has one writer. The lock is the operating system's and dies with
its process; the file beside it only says who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class HomeInUse(Exception):
    """Another process works in this home; says which and what to do."""


class HomeLock:
    """Held from `acquire` until `release` or the end of the process."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file: IO[str] | None = None

    def acquire(self, purpose: str) -> None:
        """Raises HomeInUse where another process holds the lock."""
        self._home.mkdir(parents=True, exist_ok=True)
        file = (self._home / "lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = _holder(file.read())
            file.close()
            raise HomeInUse(
                f"Another Trailmap process works in {self._home} ({holder}). Its index "
                "has one writer: stop that process first, or use another "
                "TRAILMAP_HOME."
            ) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "purpose": purpose}, file)
        file.flush()
        self._file = file

    @contextmanager
    def held(self, purpose: str) -> Iterator[None]:
        """Raises HomeInUse."""
        self.acquire(purpose)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _holder(text: str) -> str:
    try:
        noted = json.loads(text)
        return f"{noted['purpose']}, process {noted['pid']}"
    except (ValueError, KeyError, TypeError):
        return "just starting"
