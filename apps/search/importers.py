"""The kinds of file that can be imported, each declared by the room that reads it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Intake, Portion
from apps.search.kinds import Kind

# How a run wants its files read, where the importer leaves a choice.
Options = Mapping[str, str]


class CannotReopen(Exception):
    """What was read once is gone, or cannot be reached now; says why."""


class Importer(Protocol):
    """Makes documents of one kind of file."""

    kind: Kind
    # What its files hold, in the plural: "CloudTrail records".
    holds: str
    # What a run may say of how its files are to be read, with what it means.
    choices: Mapping[str, str]

    def check(self, options: Options) -> None:
        """Raises ValueError where the options make no sense."""

    def is_wanted(self, name: str) -> bool:
        """Whether a file found below a folder is to be read, by its name."""

    def order(self, name: str) -> str:
        """Sorts file names in the order in which they are best read."""

    def account_of(self, origin: str, options: Options) -> str:
        """The account whose file it is, as far as its place tells; else empty."""

    def read(
        self, origin: str, chunks: Iterable[bytes], options: Options
    ) -> Iterator[Portion]:
        """The documents of a file, gzipped or not, in order, in bounded memory.
        Raises OtherContent, and what the chunks raise."""

    def intake(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None],
        before_commit: Callable[[Batch], None],
    ) -> Intake:
        """What takes portions of this importer into the store."""

    def note(self, batch: Batch) -> None:
        """Write rows that the store must never be ahead of."""

    def reopen(self, origin: str, source: int | None) -> Iterator[bytes]:
        """What a place held, once more; `source` is the number that quarantine was
        given with it. Raises CannotReopen, OSError."""


@cache
def importers() -> Mapping[str, Importer]:
    """Every importer by the name that people give its files."""
    return {name: import_string(path) for name, path in settings.IMPORTERS.items()}
