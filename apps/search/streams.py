"""Answers that go on: exports of a whole query, and the live tail.

Under ASGI only asynchronous generators stream; a synchronous one would be gathered
in memory first. The work itself runs in threads.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import chain
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponseBadRequest,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase

from apps.search import connections, exporting, store
from apps.search.engines.base import (
    Hit,
)
from apps.search.results import PROBLEMS, Question, question_of
from apps.search.shutdown import stopping
from apps.search.viewers import rights_changed

T = TypeVar("T")
P = ParamSpec("P")


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
    response = StreamingHttpResponse(in_thread(lines), content_type=types[suffix])
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


async def in_thread(source: Iterator[T]) -> AsyncIterator[T]:
    """The items of a blocking iterator, each made in a thread."""
    step = _threaded(lambda: next(source, None))
    while not stopping.is_set() and (item := await step()) is not None:
        yield item
