"""The live tail: what comes in after it was opened, each once, until it must end."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import Client

from apps.search.shutdown import stopping
from tests.conftest import Fill
from tests.factories import an_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.search.streams._POLL_SECONDS", 0.01)


@pytest.fixture(autouse=True)
def running() -> Any:
    yield
    stopping.clear()


def opened(client: Client, query: str = "") -> AsyncIterator[bytes]:
    answer = client.get(f"/explore/trail/tail?{query}")
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
    monkeypatch.setattr(
        "apps.search.streams.connections.release", lambda: released.append(True)
    )
    stream = opened(viewer_client)
    after_opening = len(released)
    fill(*named("New"))

    asyncio.run(next_event(stream))

    # The view's own thread, and the threads that look for rights and for rows.
    assert after_opening == 1
    assert len(released) >= 3
