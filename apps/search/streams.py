"""Answers that go on: exports of a whole query, and the live tail.

Under ASGI only asynchronous generators stream; a synchronous one would be gathered
in memory first. The work itself runs in threads.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import ParamSpec, TypeVar

import orjson
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponseBadRequest,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from apps.search import connections, exporting, store
from apps.search.engines.base import (
    EngineUnavailable,
    Hit,
    Page,
    QueryTooBroad,
    SortOrder,
)
from apps.search.parameters import is_count
from apps.search.results import PROBLEMS, Question, question_of, table_rows
from apps.search.shutdown import stopping
from apps.search.timerange import ALL_TIME
from apps.search.viewers import rights_changed

T = TypeVar("T")
P = ParamSpec("P")

_POLL_SECONDS = 1.0
_KEEP_ALIVE_POLLS = 15
_TAIL_ROWS = 200
_TAIL_LOOK = 1_000
# Longer than the time between an import's commits.
_REACH_BACK_MS = 30_000


def export(request: HttpRequest, kind_name: str, suffix: str) -> HttpResponseBase:
    """Everything the query matches, newest first unless asked otherwise."""
    try:
        question = question_of(request, kind_name)
    except PROBLEMS as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    pages = _pages(question)
    try:
        first = next(pages, [])  # what is too broad is refused before it begins
    except (*PROBLEMS, exporting.ExportCut) as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    whole = chain([first], allowed(request, pages))
    lines = _csv(question, whole) if suffix == "csv" else _ndjson(whole)
    types = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
    response = StreamingHttpResponse(_in_thread(lines), content_type=types[suffix])
    name = f"trailmap-{question.kind.name}.{suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    connections.release()  # Django would only do so once the stream has ended
    return response


def _pages(question: Question) -> Iterator[list[Hit]]:
    return exporting.hits(
        store.reader(), question.request, question.state.sort, settings.EXPORT_ROWS
    )


def _ndjson(pages: Iterable[list[Hit]]) -> Iterator[bytes]:
    for page in pages:
        yield exporting.ndjson(page)


def _csv(question: Question, pages: Iterable[list[Hit]]) -> Iterator[bytes]:
    columns = question.state.shown_columns(question.kind)
    yield exporting.csv_header(columns, question.kind)
    for page in pages:
        yield exporting.csv_rows(page, columns)


def allowed(request: HttpRequest, pages: Iterable[list[Hit]]) -> Iterator[list[Hit]]:
    """The pages for as long as the person may see what they asked for."""
    for page in pages:
        if rights_changed(request):
            return
        yield page


def _threaded(work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Blocking work in a thread, which keeps no connection to the database: a stream
    may go on for hours, and connections are few."""

    def released(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connections.release()

    return sync_to_async(released, thread_sensitive=False)


async def _in_thread(source: Iterator[T]) -> AsyncIterator[T]:
    """The items of a blocking iterator, each made in a thread."""
    step = _threaded(lambda: next(source, None))
    while not stopping.is_set() and (item := await step()) is not None:
        yield item


def tail(request: HttpRequest, kind_name: str) -> HttpResponseBase:
    """Documents as they enter the store, as server-sent events of table rows."""
    try:
        question = question_of(request, kind_name)
    except PROBLEMS as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    last_id = request.headers.get("Last-Event-ID", "")
    since_ms = int(last_id) if is_count(last_id) else time.time_ns() // 1_000_000
    response = StreamingHttpResponse(
        _tail_events(request, question, since_ms), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    connections.release()
    return response


async def _tail_events(
    request: HttpRequest, question: Question, since_ms: int
) -> AsyncIterator[bytes]:
    look = _threaded(_arrived)
    opened_ms = since_ms
    check = _threaded(rights_changed)
    seen: dict[str, int] = {}
    yield b"retry: 2000\n\n"
    silent = 0
    while not stopping.is_set():
        if await check(request):
            yield _event("refused", since_ms, {"text": "Your rights have changed."})
            return
        try:
            event = await look(question, (opened_ms, since_ms), seen)
        except EngineUnavailable as error:
            event = None
            yield _event("problem", since_ms, {"text": str(error)})
        except QueryTooBroad as error:
            yield _event("refused", since_ms, {"text": str(error)})
            return
        if event is not None:
            since_ms = max(since_ms, *seen.values())
            yield _event("rows", since_ms, event)
        silent = 0 if event else silent + 1
        if silent >= _KEEP_ALIVE_POLLS:
            silent = 0
            yield b": still here\n\n"
        await _pause()


async def _pause() -> None:
    """Wait for the next look, in small steps so that stopping is prompt."""
    for _ in range(10):
        if stopping.is_set():
            return
        await asyncio.sleep(_POLL_SECONDS / 10)


def _arrived(
    question: Question, since: tuple[int, int], seen: dict[str, int]
) -> dict[str, int | str] | None:
    """What became visible since the last look; `seen` is kept up to date. `since`:
    when the tail was opened, and what was received last.

    A document is received before its commit makes it visible, and days are not all
    committed at once: each look reaches back, and known ids are left out.
    """
    opened_ms, last_ms = since
    after_ms = max(opened_ms, last_ms - _REACH_BACK_MS)
    asked = replace(
        question.request, range=ALL_TIME, received_after_ms=after_ms, seconds=5.0
    )
    page = store.reader().find(asked, _TAIL_LOOK, SortOrder.NEWEST)
    fresh = tuple(hit for hit in page.hits if hit.id not in seen)
    for known in [known for known, at in seen.items() if at <= after_ms]:
        del seen[known]
    seen.update((hit.id, hit.received_ms) for hit in fresh)
    if not fresh:
        return None
    shown = fresh[:_TAIL_ROWS]
    missed = store.reader().count(asked).value - len(page.hits) if page.next else 0
    context = {
        "kind": question.kind,
        "state": question.state,
        "rows": table_rows(question, Page(shown)),
    }
    return {
        "rows": render_to_string("search/tail_rows.html", context),
        "shown": len(shown),
        "dropped": len(fresh) - len(shown) + missed,
    }


def _event(name: str, event_id: int, data: dict[str, int | str]) -> bytes:
    payload = orjson.dumps(data).decode()
    return f"event: {name}\nid: {event_id}\ndata: {payload}\n\n".encode()
