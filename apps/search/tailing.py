"""The live tail: one look at the store for all who watch the same, fanned out.

Everything here runs in the event loop of the process, but for looks and checks, which
block and run in threads. A reader that is slow loses batches and is told how many
documents were in them; nothing waits for it, and nothing is kept for it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

import orjson

from apps.search import arrivals, arrived, connections, store
from apps.search.engines.base import (
    EngineUnavailable,
    Hit,
    QueryTooBroad,
    Scope,
    SearchRequest,
)
from apps.search.shutdown import stopping
from apps.search.syntax import Node

T = TypeVar("T")
Columns = tuple[str, ...]
Render = Callable[[Columns, Sequence[Hit]], str]

# Without a sign from a writer of this process, others may have written.
_POLL_SECONDS = 1.0
# After a look, however many commits there are.
_REST_SECONDS = 0.05
_RIGHTS_SECONDS = 2.0
_WATCH_SECONDS = 0.1
# Batches of at most 200 rows that wait for one reader.
_WAITING = 8
# Readers whose rights are checked in one go, so that looks come in between.
_CHECKED_AT_ONCE = 20

_POOL = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tail")


@dataclass(frozen=True, slots=True)
class Batch:
    """An event ready to be sent, and how many documents it tells of."""

    payload: bytes
    documents: int


@dataclass(frozen=True, slots=True)
class FeedKey:
    """Readers who agree in all of this share one look."""

    kind: str
    query: Node
    scope: Scope


@dataclass(slots=True, eq=False)
class Reader:
    """One open stream. `joining_ms`: since when its first batch is to tell; `resumes`:
    that it goes on after a break. `changed` says whether its person's rights have."""

    columns: Columns
    joining_ms: int | None
    changed: Callable[[], bool]
    resumes: bool = False
    waiting: deque[Batch] = field(default_factory=deque)
    missed: int = 0
    is_ended: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, batch: Batch) -> None:
        if len(self.waiting) >= _WAITING:
            self.missed += batch.documents
        else:
            self.waiting.append(batch)
        self.wake.set()

    def end(self, last: bytes | None = None) -> None:
        """No more comes; `last` says why."""
        if last is not None:
            self.waiting.append(Batch(last, 0))
        self.is_ended = True
        self.wake.set()

    async def next(self, seconds: float) -> list[bytes] | None:
        """The events that wait, none after `seconds`; None once all are sent."""
        if not self.wake.is_set():
            try:
                await asyncio.wait_for(self.wake.wait(), seconds)
            except TimeoutError:
                return []
        self.wake.clear()
        events = [batch.payload for batch in self.waiting]
        self.waiting.clear()
        if self.missed:
            events.append(event("missed", None, {"count": self.missed}))
            self.missed = 0
        if self.is_ended:
            self.wake.set()
            return events or None
        return events


def event(name: str, position_ms: int | None, data: Mapping[str, object]) -> bytes:
    """A server-sent event; its id is where a reader may go on after a break."""
    identified = "" if position_ms is None else f"id: {position_ms}\n"
    return (
        f"event: {name}\n{identified}data: {orjson.dumps(data).decode()}\n\n".encode()
    )


async def _threaded(work: Callable[[], T]) -> T:
    """Blocking work in a thread, which keeps no connection to the database."""

    def released() -> T:
        try:
            return work()
        finally:
            connections.release()

    return await asyncio.get_running_loop().run_in_executor(_POOL, released)


class Feed:
    """All readers of one question, and the one who looks for them."""

    def __init__(
        self, request: SearchRequest, render: Render, clock: Callable[[], datetime]
    ) -> None:
        self.readers: set[Reader] = set()
        self._request = request
        self._render = render
        self._clock = clock
        self._watch: arrived.Watch | None = None
        self._woken = asyncio.Event()

    def hurry(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._woken.set)

        with arrivals.listening(self._request.kind.name, wake):
            while self.readers and not stopping.is_set():
                self._woken.clear()
                await self._look_once()
                await asyncio.sleep(_REST_SECONDS)
                await _either(self._woken, _POLL_SECONDS)

    async def _look_once(self) -> None:
        joining = [one for one in self.readers if one.joining_ms is not None]
        joined = self.readers.difference(joining)
        columns = {one.columns for one in joined}
        try:
            first, rest = await _threaded(lambda: self._look(joining, columns))
        except EngineUnavailable as error:
            problem = event("problem", None, {"text": str(error)})
            for reader in self.readers:
                reader.offer(Batch(problem, 0))
            return
        except QueryTooBroad as error:
            for reader in self.readers:
                reader.end(event("refused", None, {"text": str(error)}))
            return
        for reader in joining:
            reader.joining_ms = None
        # Who came during the look is told by the next one.
        for reader in (*joining, *joined):
            batch = first[reader] if reader in first else rest.get(reader.columns)
            if batch is not None:
                reader.offer(batch)

    def _look(
        self, joining: Sequence[Reader], columns: Iterable[Columns]
    ) -> tuple[dict[Reader, Batch | None], dict[Columns, Batch]]:
        """The first batch of each who joins, and by columns that of all others."""
        found = store.reader()
        asked = replace(self._request, now=self._clock())
        before = _before(joining)
        earlier = arrived.since(found, asked, before) if before else None
        if self._watch is None:
            opened = min(one.joining_ms or 0 for one in joining)
            self._watch = arrived.Watch(asked, opened)
            self._watch.begin(found)
        self._watch.request = asked
        news = self._watch.look(found)
        first = {one: self._first_batch(one, earlier, news) for one in joining}
        if not news.hits and not news.dropped:
            return first, {}
        return first, {shown: self._batch(shown, news) for shown in columns}

    def _first_batch(
        self, reader: Reader, earlier: arrived.Arrived | None, news: arrived.Arrived
    ) -> Batch | None:
        """What was there before this look, and what the look found, each once."""
        if earlier is None:
            return None
        since_ms = _since(reader)
        hits = {hit.id: hit for hit in earlier.hits if hit.received_ms > since_ms}
        hits |= {hit.id: hit for hit in news.hits}
        newest = sorted(hits.values(), key=lambda hit: hit.time_ms, reverse=True)
        shown = tuple(newest[: arrived.MOST_SHOWN])
        dropped = max(news.dropped, earlier.dropped) + len(newest) - len(shown)
        both = arrived.Arrived(shown, dropped, news.position_ms)
        return self._batch(reader.columns, both) if shown or dropped else None

    def _batch(self, columns: Columns, news: arrived.Arrived) -> Batch:
        data = {
            "rows": self._render(columns, news.hits),
            "shown": len(news.hits),
            "dropped": news.dropped,
        }
        payload = event("rows", news.position_ms, data)
        return Batch(payload, len(news.hits) + news.dropped)


def _since(reader: Reader) -> int:
    """From when a reader that joins has to be told. One that resumes may have been
    away when a commit showed what was received earlier: its page knows what it has."""
    joined = reader.joining_ms or 0
    return joined - arrived.REACH_BACK_MS if reader.resumes else joined


def _before(joining: Sequence[Reader]) -> int | None:
    return min(map(_since, joining), default=None)


async def _either(woken: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(woken.wait(), seconds)
    except TimeoutError:
        return


class Hub:
    """Every feed of an event loop, and the watch over who may still read."""

    def __init__(self) -> None:
        self._feeds: dict[FeedKey, Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    @property
    def feeds(self) -> int:
        return len(self._feeds)

    def join(
        self,
        reader: Reader,
        request: SearchRequest,
        render: Render,
        clock: Callable[[], datetime],
    ) -> None:
        key = FeedKey(request.kind.name, request.query, request.scope)
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = Feed(request, render, clock)
            feed.readers.add(reader)
            self._start(self._run(key, feed))
        else:
            feed.readers.add(reader)
            feed.hurry()
        if self._watching is None or self._watching.done():
            self._watching = self._start(self._watch())

    def leave(self, reader: Reader) -> None:
        for feed in self._feeds.values():
            feed.readers.discard(reader)

    def _start(self, work: "asyncio._CoroutineLike[None]") -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, key: FeedKey, feed: Feed) -> None:
        try:
            await feed.run()
        finally:
            # One fault in a feed must not leave its readers waiting for ever.
            if self._feeds.get(key) is feed:
                del self._feeds[key]
            for reader in feed.readers:
                reader.end()

    def _readers(self) -> list[Reader]:
        return [reader for feed in self._feeds.values() for reader in feed.readers]

    async def _watch(self) -> None:
        """End everybody when the process stops, and each who lost the right to read."""
        due = 0.0
        while self._feeds:
            if stopping.is_set():
                for reader in self._readers():
                    reader.end()
                return
            if time.monotonic() >= due:
                await self._check(self._readers())
                due = time.monotonic() + _RIGHTS_SECONDS
            await asyncio.sleep(_WATCH_SECONDS)

    async def _check(self, readers: Sequence[Reader]) -> None:
        for start in range(0, len(readers), _CHECKED_AT_ONCE):
            part = readers[start : start + _CHECKED_AT_ONCE]
            for reader in await _threaded(lambda part=part: _changed(part)):  # type: ignore[misc]
                text = {"text": "Your rights have changed."}
                reader.end(event("refused", None, text))
                self.leave(reader)


def _changed(readers: Iterable[Reader]) -> list[Reader]:
    return [reader for reader in readers if not reader.is_ended and reader.changed()]


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
