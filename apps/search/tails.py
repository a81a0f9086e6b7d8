"""The live tail as server-sent events of table rows."""

import time
from collections.abc import AsyncIterator, Sequence

from django.http import HttpRequest, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone

from apps.search import connections, tailing
from apps.search.engines.base import Hit
from apps.search.kinds import Kind
from apps.search.parameters import is_count
from apps.search.results import PROBLEMS, Question, document_row, question_of
from apps.search.shutdown import stopping
from apps.search.viewers import rights_changed

_KEEP_ALIVE_SECONDS = 15.0


def tail(request: HttpRequest, kind_name: str) -> HttpResponseBase:
    """Documents as they become visible in the store.

    A reader that comes back names the last event it had (`Last-Event-ID`); rows of
    half a minute before that may come again.
    """
    try:
        question = question_of(request, kind_name)
    except PROBLEMS as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    last_id = request.headers.get("Last-Event-ID", "")
    reader = tailing.Reader(
        columns=question.state.shown_columns(question.kind),
        joining_ms=int(last_id) if is_count(last_id) else time.time_ns() // 1_000_000,
        changed=lambda: rights_changed(request),
        resumes=is_count(last_id),
    )
    response = StreamingHttpResponse(
        _events(reader, question), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    connections.release()
    return response


async def _events(reader: tailing.Reader, question: Question) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    if stopping.is_set():
        return
    hub = tailing.hub()

    def render(columns: tailing.Columns, hits: Sequence[Hit]) -> str:
        return _rows(question.kind, columns, hits)

    hub.join(reader, question.request, render, timezone.now)
    try:
        while (events := await reader.next(_KEEP_ALIVE_SECONDS)) is not None:
            yield b"".join(events) or b": still here\n\n"
    finally:
        hub.leave(reader)


def _rows(kind: Kind, columns: tailing.Columns, hits: Sequence[Hit]) -> str:
    rows = [document_row(kind, hit, columns) for hit in hits]
    return render_to_string("search/tail_rows.html", {"kind": kind, "rows": rows})
