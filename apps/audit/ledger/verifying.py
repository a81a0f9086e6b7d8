"""The ledger held against itself and against its anchors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from apps.audit.ledger import triggers
from apps.audit.ledger.anchors import places
from apps.audit.ledger.chain import Anchor, Break, Row, breaks
from apps.audit.models import LedgerEntry, LedgerHead

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Verified:
    """`warnings` are no breaks, but what would keep some from being found."""

    rows: int
    anchors: int
    breaks: tuple[Break, ...]
    warnings: tuple[str, ...]


def verify(anchors: Sequence[Anchor] | None = None) -> Verified:
    """Read every row, and the anchors where the settings say that they are unless
    they are given. Raises AwsError, OSError where anchors cannot be read."""
    warnings = []
    if anchors is None:
        read = [place.read() for place in places()]
        anchors = [one for those in read for one in those]
        if not read:
            warnings.append(
                "There are no anchors outside (LEDGER_ANCHOR): a deleted tail and a "
                "restored backup cannot be found."
            )
    if not triggers.are_installed(connection):
        warnings.append("The database does not refuse changes: its triggers are gone.")
    heads = dict(LedgerHead.objects.values_list("stream", "sequence"))
    found = tuple(breaks(_rows(), anchors, heads))
    return Verified(LedgerEntry.objects.count(), len(anchors), found, tuple(warnings))


def _rows() -> Iterator[Row]:
    for entry in LedgerEntry.objects.iterator(chunk_size=_AT_ONCE):
        yield entry.row
