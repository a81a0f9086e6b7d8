"""The document engine inside this process: Tantivy below one folder."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from apps.search.engines.embedded.days import DayFolders
from apps.search.engines.embedded.memory import limit_arenas
from apps.search.engines.embedded.reader import EmbeddedReader
from apps.search.engines.embedded.writer import EmbeddedWriter, SharedWriter
from apps.search.kinds import Kind


class EmbeddedEngine:
    """One process may write below a folder; any number may read."""

    def __init__(
        self,
        root: Path,
        kinds: Sequence[Kind],
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        limit_arenas()
        self._root = root
        self._folders = {kind.name: DayFolders(root / kind.name) for kind in kinds}
        self._writers = {
            kind.name: SharedWriter(kind, self._folders[kind.name], clock_ms)
            for kind in kinds
        }
        self._reader = EmbeddedReader(self._folders)

    @property
    def reader(self) -> EmbeddedReader:
        return self._reader

    def writer(self, kind: Kind) -> EmbeddedWriter:
        return EmbeddedWriter(self._writers[kind.name])

    def drop_day(self, kind: Kind, day: str) -> int:
        self._writers[kind.name].forget(day)
        return self._folders[kind.name].drop(day)

    def settle(self, kind: Kind) -> None:
        """What was not committed is not stored here."""

    def prepare(self, kind: Kind) -> None:
        self._reader.prepare(kind)

    def problem(self) -> str | None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            for folders in self._folders.values():
                folders.names()
        except OSError as error:
            return f"The folder {self._root} cannot be used: {error.strerror}."
        return None

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
