"""What was written stays; whatever was done to it is found and named by its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.audit.ledger import triggers
from apps.audit.ledger.anchors import anchor_heads
from apps.audit.ledger.chain import GENESIS, Anchor, Row, breaks, canonical, hash_of
from apps.audit.ledger.verifying import verify
from apps.audit.ledger.writing import REPAIRS, append
from apps.audit.models import LedgerEntry, LedgerHead
from tests.factories import ACCOUNT, NOON


def a_chain(many: int = 6) -> list[Row]:
    rows: list[Row] = []
    previous = GENESIS
    for number in range(1, many + 1):
        data = canonical({"number": number})
        row = Row(
            "s", number, NOON, "step", "alice", "run:1", ACCOUNT, data, previous, ""
        )
        rows.append(replace(row, hash=hash_of(row)))
        previous = rows[-1].hash
    return rows


def told(
    rows: list[Row], anchors: tuple[Anchor, ...] = (), head: int | None = None
) -> list[tuple[int, str]]:
    heads = {} if head is None else {"s": head}
    return [(one.sequence, one.says) for one in breaks(rows, anchors, heads)]


def sealed(rows: list[Row]) -> list[Row]:
    """Rows hashed anew by somebody who knows how."""
    made: list[Row] = []
    for row in rows:
        linked = replace(row, previous=made[-1].hash if made else GENESIS)
        made.append(replace(linked, hash=hash_of(linked)))
    return made


def an_anchor(row: Row) -> Anchor:
    return Anchor("s", row.sequence, row.hash, "2026-07-01T12:00:00Z", "a safe place")


def test_rows_as_written_are_whole() -> None:
    rows = a_chain()

    assert told(rows, (an_anchor(rows[2]), an_anchor(rows[5])), head=6) == []


@pytest.mark.parametrize(
    "change",
    [
        {"data": '{"number":99}'},
        {"actor": "mallory"},
        {"kind": "other"},
        {"at": NOON + timedelta(microseconds=1)},
        {"account": "1"},
        {"subject": "run:2"},
    ],
)
def test_an_edited_row_is_named(change: dict[str, Any]) -> None:
    rows = a_chain()
    rows[2] = replace(rows[2], **change)

    assert told(rows, head=6) == [(3, "was edited: its hash does not fit.")]


def test_an_edited_row_with_its_hash_made_anew_breaks_the_next() -> None:
    rows = a_chain()
    forged = replace(rows[2], actor="mallory")
    rows[2] = replace(forged, hash=hash_of(forged))

    ((place, says),) = told(rows, head=6)
    assert place == 4
    assert "does not follow" in says


def test_a_removed_middle_is_named() -> None:
    rows = a_chain()
    del rows[2:4]

    assert told(rows, head=6) == [(3, "row 3 to 4 is missing.")]


def test_rows_put_in_another_order_are_named() -> None:
    rows = a_chain()
    rows[2], rows[3] = (
        replace(rows[3], sequence=3),
        replace(rows[2], sequence=4),
    )

    assert [place for place, _ in told(rows, head=6)] == [3, 3, 4, 4, 5]


def test_a_deleted_tail_is_named_by_the_head_and_by_the_anchor() -> None:
    rows = a_chain()
    anchor = an_anchor(rows[5])

    (by_head,) = told(rows[:4], head=6)
    (by_anchor,) = told(rows[:4], (anchor,), head=4)

    assert by_head[0] == by_anchor[0] == 5
    assert "a safe place" in by_anchor[1]


def test_a_ledger_built_anew_does_not_fit_its_anchor() -> None:
    rows = a_chain()
    forged = [replace(row, actor="mallory") if row is rows[1] else row for row in rows]

    ((place, says),) = told(sealed(forged), (an_anchor(rows[4]),), head=6)

    assert place == 5
    assert "rewritten" in says


# --- In the database ---------------------------------------------------------------


@pytest.fixture
def anchors(settings: Any, tmp_path: Path) -> Path:
    settings.LEDGER_ANCHORS = (f"file://{tmp_path}/anchors",)
    return tmp_path / "anchors"


def write(many: int) -> None:
    for number in range(many):
        append("step", "alice", {"number": number, "account": ACCOUNT}, NOON, "run:1")


@pytest.mark.django_db
def test_numbers_have_no_gaps_and_rows_survive_the_database() -> None:
    write(3)

    assert list(LedgerEntry.objects.values_list("sequence", flat=True)) == [1, 2, 3]
    assert verify([]).breaks == ()


@pytest.mark.django_db
def test_what_is_rolled_back_leaves_no_row_and_no_gap() -> None:
    write(1)
    with transaction.atomic():
        write(1)
        transaction.set_rollback(True)
    write(1)

    assert list(LedgerEntry.objects.values_list("sequence", flat=True)) == [1, 2]
    assert verify([]).breaks == ()


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_rows(change: str) -> None:
    write(2)
    triggers.install(connection)
    rows = LedgerEntry.objects.filter(sequence=1)
    changes: dict[str, Callable[[], object]] = {
        "delete": rows.delete,
        "update": lambda: rows.update(actor="mallory"),
    }

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        changes[change]()

    assert verify([]).warnings == ()
    assert LedgerEntry.objects.filter(actor="alice").count() == 2


def says(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(CommandError, match="broken"):
        call_command("verify-ledger")
    return capsys.readouterr().out


@pytest.mark.django_db
def test_verify_ledger_finds_an_edited_row_and_a_deleted_tail(
    anchors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(5)
    anchor_heads(NOON)
    call_command("verify-ledger")
    assert "5 rows and 1 anchors: nothing was changed." in capsys.readouterr().out

    LedgerEntry.objects.filter(sequence=2).update(data='{"number":7}')
    assert "repairs #2: was edited" in says(capsys)

    LedgerEntry.objects.filter(sequence=2).update(
        data=canonical({"number": 1, "account": ACCOUNT})
    )
    LedgerEntry.objects.filter(sequence__gt=3).delete()
    last = LedgerEntry.objects.get(sequence=3)
    LedgerHead.objects.update(sequence=3, hash=last.hash)
    assert "repairs #4: rows up to 5 are gone" in says(capsys)


@pytest.mark.django_db
def test_verify_ledger_finds_a_restored_backup_that_was_written_on(
    anchors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(3)
    backup = list(LedgerEntry.objects.all())
    head = LedgerHead.objects.get()
    write(2)
    anchor_heads(NOON)

    LedgerEntry.objects.all().delete()
    LedgerEntry.objects.bulk_create(backup)
    head.save()
    append("step", "mallory", {}, NOON)
    append("step", "mallory", {}, NOON)
    anchor_heads(NOON + timedelta(minutes=6))

    said = says(capsys)
    assert "repairs #5: is not the row that was anchored" in said
    assert len(list(anchors.iterdir())) == 2


@pytest.mark.django_db
def test_a_head_is_anchored_every_five_minutes_where_something_was_added(
    anchors: Path,
) -> None:
    write(1)
    anchor_heads(NOON)
    write(1)
    anchor_heads(NOON + timedelta(minutes=4))
    assert len(list(anchors.iterdir())) == 1

    anchor_heads(NOON + timedelta(minutes=5))
    anchor_heads(NOON + timedelta(minutes=30))

    assert len(list(anchors.iterdir())) == 2
    assert LedgerHead.objects.get(pk=REPAIRS).anchored == 2


@pytest.mark.django_db
def test_a_place_that_cannot_be_written_is_told_of(
    settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    settings.LEDGER_ANCHORS = (f"file://{tmp_path}/file/below",)
    write(1)

    anchor_heads(NOON)

    assert "Not a directory" in LedgerHead.objects.get().anchor_problem
