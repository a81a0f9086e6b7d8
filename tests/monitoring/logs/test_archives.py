"""Files in a bucket are read once and whole, whoever told of them and whatever they
look like."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from apps.monitoring.logs import archives
from apps.monitoring.models import LogArchive, LogGroup, LogSource
from apps.search.engines.base import DocumentEngine
from apps.search.models import QuarantinedRecord
from tests.factories import gzipped
from tests.monitoring.logs.crashing import ARCHIVES, RECEIVING, mortal
from tests.monitoring.logs.deliveries import (
    EXPORTS,
    a_bucket,
    announce,
    collect,
    export,
    source,
)
from tests.monitoring.logs.test_envelopes import data, packed
from tests.monitoring.logs.world import World

TASK = "shop/0f0e0d0c-1111-2222-3333-444455556666"
AT, AT_MS = "2026-09-20T10:00:00.123Z", 1_789_898_400_123
STATES = LogArchive.State


class Shelf:
    """A bucket of log files, its queue, and the source that reads both."""

    def __init__(self, world: World, client: Any, **fields: Any) -> None:
        self.world, self.client = world, client
        self.s3 = a_bucket(client, EXPORTS)
        self.queue = client("sqs").create_queue(QueueName="notices")["QueueUrl"]
        named = {"prefix": "shop/", "log_group": "/shop", "queue_url": self.queue}
        source(world, "bucket", bucket=EXPORTS, **{**named, **fields})

    def put(self, content: bytes, key: str = f"{TASK}/one/000000.gz") -> None:
        self.s3.put_object(Bucket=EXPORTS, Key=key, Body=content)

    def collect(self) -> LogSource:
        """A run, however shortly after another."""
        LogSource.objects.update(ran_at=None)
        self.world.pass_time(100)  # a run that died has lost its claim
        collect(self.world)
        return LogSource.objects.get()

    def sweep(self) -> LogSource:
        LogSource.objects.update(swept_at=None)
        return self.collect()

    def file(self) -> LogArchive:
        return LogArchive.objects.get()


@pytest.fixture
def shelf(world: World, client: Any, engine: DocumentEngine) -> Shelf:
    return Shelf(world, client)


@pytest.fixture
def unnamed(world: World, client: Any, engine: DocumentEngine) -> Shelf:
    """A source that nobody told a log group."""
    return Shelf(world, client, log_group="", prefix="")


def lines(*texts: str) -> bytes:
    return gzipped("".join(f"{text}\n" for text in texts).encode())


def test_an_export_is_what_the_group_held(shelf: Shelf) -> None:
    shelf.world.say("a", "a", "b", ago=3)
    shelf.world.say("c", stream="two")
    export(shelf.world, shelf.s3, "/shop")

    found = shelf.collect()

    assert shelf.world.documents() == shelf.world.events()
    assert (found.problem, found.lines, found.quarantined) == ("", 4, 0)
    assert LogGroup.objects.get().delivered_at is not None


def test_as_many_twins_as_a_file_has_are_kept(shelf: Shelf) -> None:
    shelf.put(lines(*[f"{AT} same"] * 1_500, f"{AT} other"))

    shelf.collect()
    LogArchive.objects.update(state=STATES.FOUND)
    found = shelf.collect()

    assert shelf.world.stored() == {(AT_MS, "same"): 1_500, (AT_MS, "other"): 1}
    assert (found.lines, found.already_there) == (1_501, 1_501)


def test_an_event_of_several_lines_is_one(shelf: Shelf) -> None:
    shelf.put(lines(f"{AT} first", "  at second", "", f"{AT} third"))

    shelf.collect()

    assert set(shelf.world.stored()) == {
        (AT_MS, "first\n  at second\n"),
        (AT_MS, "third"),
    }


def test_an_export_after_polling_brings_nothing_new(shelf: Shelf) -> None:
    shelf.world.say("twin", "twin", "line\n", stream="a/b")
    shelf.world.take_stock()
    shelf.world.poll_for(30)
    export(shelf.world, shelf.s3, "/shop")

    found = shelf.collect()

    assert shelf.world.documents() == shelf.world.events()
    assert (found.lines, found.already_there) == (0, 3)


def test_polling_after_an_export_brings_nothing_new(shelf: Shelf) -> None:
    shelf.world.say("twin", "twin", "other")
    export(shelf.world, shelf.s3, "/shop")
    shelf.collect()
    shelf.world.take_stock()

    shelf.world.poll_for(30)

    assert shelf.world.documents() == shelf.world.events()


@pytest.mark.parametrize("pack", [bytes, gzipped])
def test_envelopes_that_firehose_put_together(
    unnamed: Shelf, pack: Callable[[bytes], bytes]
) -> None:
    """They tell their group themselves; Firehose may compress them once more."""
    several = packed(mine(unnamed, "1"), mine(unnamed, "2"), mine(unnamed, "2"))
    unnamed.put(pack(several), "2026/09/20/10/shop-1-2026-09-20-10-00-00-uuid")

    found = unnamed.collect()

    assert (found.lines, found.already_there, found.quarantined) == (2, 1, 0)
    assert {key[0] for key in unnamed.world.documents()} == {"/till"}


def test_envelopes_need_no_compression(unnamed: Shelf) -> None:
    told = json.dumps(mine(unnamed, "1")) + "\n" + json.dumps(mine(unnamed, "2"))
    unnamed.put(told.encode(), "plain")

    assert unnamed.collect().lines == 2


def mine(shelf: Shelf, event_id: str, **fields: Any) -> dict[str, Any]:
    event = {"id": event_id, "timestamp": AT_MS, "message": f"event {event_id}"}
    owner = shelf.world.scope.account_id
    return data(owner=owner, logGroup="/till", logEvents=[event], **fields)


def test_envelopes_of_accounts_that_nobody_allowed_are_refused(
    unnamed: Shelf,
) -> None:
    unnamed.put(packed(mine(unnamed, "1"), data(owner="999900001111")), "mixed")

    found = unnamed.collect()

    assert (found.lines, found.quarantined) == (1, 1)
    assert "999900001111" in QuarantinedRecord.objects.get().reason


def test_lines_that_do_not_tell_their_group_are_said_to(unnamed: Shelf) -> None:
    unnamed.put(lines(f"{AT} whose am I"))

    found = unnamed.collect()

    assert (found.lines, found.quarantined) == (0, 1)
    assert "log group" in QuarantinedRecord.objects.get().reason


def test_an_empty_file_and_a_try_of_aws_are_nothing(unnamed: Shelf) -> None:
    unnamed.put(b"", "empty")
    unnamed.put(gzipped(b""), "empty.gz")
    unnamed.put(b"Permission Check Successful", "shop/aws-logs-write-test")
    unnamed.put(b"", "folder/")

    found = unnamed.collect()

    assert (found.lines, found.quarantined, found.problem) == (0, 0, "")
    assert set(LogArchive.objects.values_list("key", "state")) == {
        ("empty", STATES.DONE),
        ("empty.gz", STATES.DONE),
    }


def noise(count: int) -> bytes:
    return lines(*(f"{AT} {number} {os.urandom(99).hex()}" for number in range(count)))


def test_of_a_file_that_is_cut_off_what_is_whole_is_kept(shelf: Shelf) -> None:
    shelf.put(noise(2_000)[:-4_000])

    found = shelf.collect()

    assert 1_500 < found.lines < 2_000
    assert "cut off" in QuarantinedRecord.objects.get().reason
    assert all(len(text) > 198 for _, text in shelf.world.stored())
    assert shelf.file().state == STATES.DONE


@pytest.mark.parametrize(
    "broken", [b"\x1f\x8b\x08 no gzip at all", gzipped(b"x" * 99)[:12]]
)
def test_a_broken_file_does_not_stop_the_others(shelf: Shelf, broken: bytes) -> None:
    shelf.put(broken, f"{TASK}/broken/000000.gz")
    shelf.put(lines(f"{AT} fine"))

    found = shelf.collect()

    assert (found.lines, found.problem) == (1, "")
    assert QuarantinedRecord.objects.get().origin.endswith("broken/000000.gz")


def test_damage_in_the_middle_keeps_what_came_before(unnamed: Shelf) -> None:
    whole, damaged = packed(mine(unnamed, "1")), bytearray(packed(mine(unnamed, "2")))
    damaged[len(damaged) // 2] ^= 0xFF
    unnamed.put(whole + bytes(damaged), "damaged")

    found = unnamed.collect()

    assert found.lines == 1
    assert found.quarantined >= 1


def test_a_line_without_end_is_cut_and_the_rest_goes_on(shelf: Shelf) -> None:
    shelf.put(lines(f"{AT} " + "x" * (5 << 20), f"{AT} after it"))

    shelf.collect()

    stored = shelf.world.stored()
    assert (AT_MS, "after it") in stored
    assert max(len(text) for _, text in stored) <= 3 << 20


def test_lines_before_any_time_are_quarantined(shelf: Shelf) -> None:
    wrong = "2026-99-20T10:00:00.123Z no such month"
    shelf.put(lines("who knows when", wrong, f"{AT} fine"))

    found = shelf.collect()

    assert (found.lines, found.quarantined) == (1, 2)
    assert shelf.world.stored() == {(AT_MS, "fine"): 1}


def test_a_file_is_read_once_however_often_it_is_told_of(shelf: Shelf) -> None:
    shelf.put(lines(f"{AT} once", f"{AT} once"))
    key = f"{TASK}/one/000000.gz"

    announce(shelf.client, shelf.queue, EXPORTS, key, key)
    shelf.collect()
    announce(shelf.client, shelf.queue, EXPORTS, key)
    found = shelf.sweep()

    assert (found.lines, found.already_there, found.problem) == (2, 0, "")
    assert shelf.file().state == STATES.DONE


def test_the_same_content_under_two_names_is_stored_once(shelf: Shelf) -> None:
    """Two tasks that exported the same hour."""
    other = TASK.replace("0f0e", "aaaa")
    for task in (TASK, other):
        shelf.put(lines(f"{AT} once", f"{AT} once"), f"{task}/one/000000.gz")

    found = shelf.collect()

    assert (found.lines, found.already_there) == (2, 2)


def test_notices_in_any_order_find_every_file(shelf: Shelf) -> None:
    shelf.collect()  # has swept: only notices tell of new files now
    keys = [f"{TASK}/s {number}+/000000.gz" for number in range(5)]
    for number, key in enumerate(keys):
        shelf.put(lines(f"{AT} {number}"), key)
    announce(shelf.client, shelf.queue, EXPORTS, *reversed(keys), *keys[:2])

    found = shelf.collect()

    assert (found.lines, found.problem) == (5, "")
    assert {stream for _, stream, *_ in shelf.world.documents()} == {
        f"s {number}+" for number in range(5)
    }


def test_a_sweep_finds_what_no_notice_told_of(shelf: Shelf) -> None:
    shelf.collect()
    shelf.put(lines(f"{AT} unannounced"))
    assert shelf.collect().lines == 0

    shelf.world.pass_time(900)

    assert shelf.collect().lines == 1


def test_notices_of_other_places_are_never_followed(shelf: Shelf) -> None:
    shelf.collect()
    a_bucket(shelf.client, "elsewhere")
    shelf.put(lines(f"{AT} outside"), "other/file.gz")
    announce(shelf.client, shelf.queue, EXPORTS, "other/file.gz")
    announce(shelf.client, shelf.queue, "elsewhere", "shop/file.gz")

    found = shelf.collect()

    assert LogArchive.objects.count() == found.lines == 0
    assert "left in it" in found.problem


def test_a_file_that_is_gone_is_given_up_and_said_so(shelf: Shelf) -> None:
    announce(shelf.client, shelf.queue, EXPORTS, "shop/expired.gz")
    shelf.put(lines(f"{AT} fine"))

    found = shelf.collect()

    assert (found.lines, found.problem) == (1, "")
    gone = LogArchive.objects.get(key="shop/expired.gz")
    assert gone.state == STATES.FAILED
    assert "NoSuchKey" in gone.problem


def test_a_right_that_comes_back_brings_the_files(shelf: Shelf) -> None:
    """However long it was missing, and whatever came meanwhile."""
    shelf.world.strike("denied", "s3.GetObject")
    for number in range(8):
        shelf.put(lines(f"{AT} {number}"), f"{TASK}/{number}/000000.gz")
    problems = {shelf.collect().problem for _ in range(20)}
    assert LogArchive.objects.filter(state=STATES.FAILED).exists()
    assert any("s3.get_object" in one for one in problems)

    shelf.world.cloud.faults.clear()
    found = shelf.sweep()

    assert (found.lines, found.problem) == (8, "")
    assert not LogArchive.objects.exclude(state=STATES.DONE).exists()


def test_files_that_fail_do_not_keep_others_waiting(shelf: Shelf) -> None:
    shelf.world.strike("denied", "s3.GetObject")
    for number in range(8):
        shelf.put(lines(f"{AT} {number}"), f"{TASK}/{number}/000000.gz")
    for _ in range(3):
        shelf.collect()
    shelf.world.cloud.faults.clear()
    shelf.put(lines(f"{AT} new"), "shop/new")
    announce(shelf.client, shelf.queue, EXPORTS, "shop/new")
    shelf.world.strike("denied", "s3.GetObject", after=1)

    shelf.collect()

    assert list(shelf.world.stored()) == [(AT_MS, "new")]


MOMENTS = [
    f"{when} {name}"
    for _, name in (*ARCHIVES, *RECEIVING)
    for when in ("before", "after")
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_between_any_two_steps_loses_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    process = mortal(monkeypatch)
    process.decide = lambda now: now == moment and not process.deaths
    shelf.world.say("twin", "twin", "other")
    shelf.world.say("elsewhere", group="/till")
    export(shelf.world, shelf.s3, "/shop")
    said = [{"id": "1", "timestamp": AT_MS, "message": "x"}]
    owner = shelf.world.scope.account_id
    enveloped = data(owner=owner, logGroup="/shop", logEvents=said)
    shelf.put(packed(enveloped), "shop/envelopes")
    announce(shelf.client, shelf.queue, EXPORTS, "shop/envelopes")

    for _ in range(3):
        process.runs(shelf.sweep)

    expected = {key: n for key, n in shelf.world.events().items() if key[0] == "/shop"}
    assert shelf.world.documents() == expected | {("/shop", "one", AT_MS, "x"): 1}
    assert process.deaths == [moment]
    assert not LogArchive.objects.exclude(state=STATES.DONE).exists()


def test_a_run_takes_some_files_and_the_next_goes_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_FILES_A_RUN", 2)
    for number in range(5):
        shelf.put(lines(f"{AT} {number}"), f"{TASK}/{number}/000000.gz")

    read = [shelf.collect().lines for _ in range(3)]

    assert read == [2, 4, 5]
