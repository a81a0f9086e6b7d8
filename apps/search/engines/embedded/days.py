"""Day folders on disk: one Tantivy index per kind and UTC day."""

import json
import os
import re
import shutil
import threading
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from pathlib import Path

import tantivy

from apps.search.documents import PathNode
from apps.search.engines.base import DayCount, EngineUnavailable
from apps.search.engines.embedded import schema
from apps.search.engines.embedded.blocks import DayBlocks
from apps.search.engines.embedded.panics import panics_told
from apps.search.kinds import FieldType

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CATALOG = "fields.json"
_META = "meta.json"
# A record can invent paths without end; a catalog for people need not.
MAX_CATALOG = 5_000


class Day:
    """One day of one kind: its index, a searcher of the last commit, its catalog."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._lock = threading.Lock()
        self._blocks: DayBlocks | None = None
        failing = f"The search index of {folder.name} cannot be opened"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with panics_told(failing):
                self.index = schema.open_index(str(folder))
                self._searcher = self.index.searcher()
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"{failing}: {error}") from error

    @property
    def searcher(self) -> tantivy.Searcher:
        return self._searcher

    def refresh(self) -> None:
        """Make what was committed since visible."""
        with self._lock:
            self.index.reload()
            self._searcher = self.index.searcher()

    @cached_property
    def catalog(self) -> dict[str, FieldType]:
        """Every path that had a value on this day, with the type it was seen with."""
        try:
            stored = json.loads((self.folder / _CATALOG).read_text())
        except FileNotFoundError:
            return {}
        return {path: FieldType(kind) for path, kind in stored.items()}

    def add_to_catalog(self, nodes: Iterable[PathNode]) -> bool:
        """Note new paths; whether there were any that need saving."""
        new = {node.path: node.type for node in nodes if node.path not in self.catalog}
        room = MAX_CATALOG - len(self.catalog)
        self.catalog.update(list(new.items())[:room])
        return bool(new) and room > 0

    def save_catalog(self) -> None:
        """Write the catalog durably. Called before the commit it belongs to."""
        fresh = self.folder / f"{_CATALOG}.new"
        with fresh.open("w") as file:
            json.dump(self.catalog, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / _CATALOG)

    def blocks(self, text_field: str) -> DayBlocks:
        """The columns of this day, for scans."""
        with self._lock:
            if self._blocks is None:
                self._blocks = DayBlocks(self.folder, text_field)
            return self._blocks

    def size(self) -> DayCount:
        with os.scandir(self.folder) as entries:
            used = sum(map(_bytes_of, entries))
        return DayCount(self.name, self.searcher.num_docs, used)


def _bytes_of(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:  # Tantivy has just merged it into another
        return 0


class DayFolders:
    """All days of one kind below one folder, opened when first asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root / f"v{schema.VERSION}"
        self._lock = threading.Lock()
        self._open: dict[str, Day] = {}

    def names(self) -> list[str]:
        """The days stored, oldest first."""
        if not self._root.is_dir():
            return []
        with os.scandir(self._root) as entries:
            names = [entry.name for entry in entries if _DAY.fullmatch(entry.name)]
        return sorted(name for name in names if self._is_stored(name))

    def _is_stored(self, name: str) -> bool:
        return name in self._open or (self._root / name / _META).exists()

    def between(self, first: str, last: str) -> list[Day]:
        """Stored days from `first` to `last`, both included, oldest first."""
        return [self.day(name) for name in self.names() if first <= name <= last]

    def day(self, name: str) -> Day:
        """The day of this name, created if it is not there."""
        date.fromisoformat(name)
        with self._lock:
            if name not in self._open:
                self._open[name] = Day(self._root / name)
            return self._open[name]

    def drop(self, name: str) -> int:
        """Remove a day from disk; the number of documents it held, 0 if none."""
        date.fromisoformat(name)
        if name not in self.names():
            return 0
        documents = self.day(name).searcher.num_docs
        with self._lock:
            self._open.pop(name, None)
            gone = self._root / f"{name}.dropped"
            if gone.exists():  # a process ended while it removed this day before
                shutil.rmtree(gone)
            (self._root / name).rename(gone)
        shutil.rmtree(gone)
        return documents
