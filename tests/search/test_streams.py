"""The live tail: what comes in after it was opened, each once, until it must end."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.test import Client

from apps.audit.kinds import TRAIL
from apps.search import arrived, store, tailing
from apps.search.engines.base import SearchRequest
from apps.search.shutdown import stopping
from tests.conftest import Fill
from tests.factories import NOON, an_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.search.tailing._POLL_SECONDS", 0.01)


@pytest.fixture(autouse=True)
def running() -> Any:
    yield
    stopping.clear()


def opened(client: Client, query: str = "", **more: Any) -> AsyncIterator[bytes]:
    answer = client.get(f"/explore/trail/tail?{query}", **more)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/event-stream"
    return aiter(answer.streaming_content)  # type: ignore[attr-defined]


async def next_event(stream: AsyncIterator[bytes]) -> dict[str, Any]:
    """The data of the next event that is more than a sign of life."""
    async with asyncio.timeout(20):
        async for part in stream:
            lines = part.decode().splitlines()
            data = [line[6:] for line in lines if line.startswith("data: ")]
            if data:
                name = next(line[7:] for line in lines if line.startswith("event: "))
                return {"event": name, **json.loads(data[0])}
    raise AssertionError("the stream ended")


def named(*names: str) -> list[Any]:
    return [an_event(eventName=name) for name in names]


def test_what_comes_after_the_opening_is_shown_once(
    fill: Fill, viewer_client: Client
) -> None:
    fill(*named("Old"))
    stream = opened(viewer_client)

    async def watch() -> list[dict[str, Any]]:
        await anext(stream)
        events = []
        for name in ("First", "Second"):
            await asyncio.sleep(0.01)
            await asyncio.to_thread(fill, *named(name))
            events.append(await next_event(stream))
        return events

    first, second = asyncio.run(watch())

    assert "First" in first["rows"]
    assert "Old" not in first["rows"]
    assert "Second" in second["rows"]
    assert "First" not in second["rows"]


def test_only_what_matches_is_shown(fill: Fill, viewer_client: Client) -> None:
    stream = opened(viewer_client, "q=eventName:Wanted")

    async def watch() -> dict[str, Any]:
        await anext(stream)
        await asyncio.sleep(0.01)
        await asyncio.to_thread(fill, *named("Other", "Wanted"))
        return await next_event(stream)

    event = asyncio.run(watch())

    assert event["shown"] == 1
    assert "Other" not in event["rows"]


def test_what_comes_too_fast_is_counted_instead(
    fill: Fill, viewer_client: Client
) -> None:
    stream = opened(viewer_client)

    async def watch() -> dict[str, Any]:
        await anext(stream)
        await asyncio.sleep(0.01)
        await asyncio.to_thread(fill, *named(*["Many"] * 1_500))
        return await next_event(stream)

    event = asyncio.run(watch())

    assert event["shown"] == 200
    assert event["shown"] + event["dropped"] == 1_500


def test_a_query_that_cannot_run_ends_with_a_reason(
    fill: Fill, viewer_client: Client
) -> None:
    fill(*named("Old"))
    stream = opened(viewer_client, "q=eventName:" + "%3F" * 900)

    event = asyncio.run(next_event(stream))

    assert event["event"] == "refused"
    assert "too complex" in event["text"]


def test_a_tail_ends_when_its_person_is_signed_out(viewer_client: Client) -> None:
    stream = opened(viewer_client)
    viewer_client.logout()

    event = asyncio.run(next_event(stream))

    assert event == {"event": "refused", "text": "Your rights have changed."}


def test_a_tail_ends_with_its_process(viewer_client: Client) -> None:
    stream = opened(viewer_client)
    stopping.set()

    async def rest() -> list[bytes]:
        return [part async for part in stream]

    assert asyncio.run(rest()) == [b"retry: 2000\n\n"]


@pytest.mark.parametrize("last_id", ["x", "9" * 5_000, "-1", "٣"])
def test_a_broken_place_to_go_on_from_is_ignored(
    viewer_client: Client, last_id: str
) -> None:
    stopping.set()
    headers = {"Last-Event-ID": last_id.encode().decode("latin-1")}

    answer = viewer_client.get("/explore/trail/tail", headers=headers)

    assert answer.status_code == 200


def test_a_query_that_cannot_be_read_opens_no_tail(viewer_client: Client) -> None:
    assert viewer_client.get("/explore/trail/tail?q=(").status_code == 400


def test_an_open_stream_keeps_no_connection_to_the_database(
    fill: Fill, viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[bool] = []
    often = threading.Event()

    def release() -> None:
        released.append(True)
        if len(released) >= 3:
            often.set()

    monkeypatch.setattr("apps.search.connections.release", release)
    monkeypatch.setattr("apps.search.tailing._RIGHTS_SECONDS", 0)
    stream = opened(viewer_client)
    after_opening = len(released)
    fill(*named("New"))

    async def read() -> bool:
        await next_event(stream)
        return await asyncio.to_thread(often.wait, 30)

    # The view's own thread, and those that look for rows and for rights, each time.
    assert after_opening == 1
    assert asyncio.run(read())


def test_a_tail_that_comes_back_is_told_what_it_missed(
    fill: Fill, viewer_client: Client
) -> None:
    position = str(time.time_ns() // 1_000_000)
    fill(*named("Meanwhile"))

    stream = opened(viewer_client, headers={"Last-Event-ID": position})

    assert "Meanwhile" in asyncio.run(next_event(stream))["rows"]


def test_readers_of_one_filter_share_one_look(
    fill: Fill, viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.search.tailing._POLL_SECONDS", 60)
    looks: list[str] = []
    look = arrived.Watch.look

    def counted(watch: arrived.Watch, reader: Any) -> arrived.Arrived:
        looks.append("look")
        return look(watch, reader)

    monkeypatch.setattr(arrived.Watch, "look", counted)
    same = [opened(viewer_client, f"q=eventName:New&by={by}") for by in "abc"]
    other = opened(viewer_client, "q=eventSource:s3*")

    async def watch() -> tuple[int, list[dict[str, Any]]]:
        streams = [*same, other]
        waiting = [asyncio.create_task(next_event(stream)) for stream in streams]
        await until(lambda: len(looks) >= 2)
        await asyncio.to_thread(fill, *named("New"))
        events = await asyncio.gather(*waiting)
        return tailing.hub().feeds, events

    feeds, events = asyncio.run(watch())

    assert feeds == 2
    assert len(looks) <= 6
    assert all(event["shown"] == 1 for event in events)


def test_a_commit_is_shown_without_waiting_for_the_next_look(
    fill: Fill, viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.search.tailing._POLL_SECONDS", 60)
    stream = opened(viewer_client)

    async def watch() -> dict[str, Any]:
        await anext(stream)
        waiting = asyncio.create_task(next_event(stream))
        await until(lambda: tailing.hub().feeds == 1)
        await asyncio.to_thread(fill, *named("New"))
        return await waiting

    assert "New" in asyncio.run(watch())["rows"]


def test_a_slow_reader_loses_batches_and_is_told_how_many_rows() -> None:
    async def slow() -> list[bytes] | None:
        reader = tailing.Reader((), None, lambda: False)
        for number in range(20):
            reader.offer(tailing.Batch(b"%d " % number, 10))
        return await reader.next(1)

    events = asyncio.run(slow())

    assert events is not None
    assert events[:-1] == [b"%d " % number for number in range(8)]
    assert events[-1] == b'event: missed\ndata: {"count":120}\n\n'


def test_a_burst_is_counted_once_and_what_follows_is_shown(fill: Fill) -> None:
    watch = arrived.Watch(SearchRequest(TRAIL, NOON), time.time_ns() // 1_000_000)
    watch.begin(store.reader())

    fill(*named(*["Many"] * 2_500))
    burst = watch.look(store.reader())
    time.sleep(0.002)  # received in a millisecond of its own
    fill(*named("Next"))
    after = watch.look(store.reader())

    assert (len(burst.hits), burst.dropped) == (200, 2_300)
    assert (len(after.hits), after.dropped) == (1, 0)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)
