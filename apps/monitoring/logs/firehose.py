"""What Firehose and a Lambda function post to us: `/ingest/firehose/ID` and
`/ingest/lambda/ID`.

An answer of 200 means that the lines are durable. Firehose tries everything else again
for as long as its retry duration says, but 413. Source: Amazon Data Firehose developer
guide, "HTTP endpoint delivery request and response specifications".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import orjson
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.monitoring.logs.covered import end_outage, note_outage
from apps.monitoring.logs.envelopes import Envelope, from_base64
from apps.monitoring.logs.keys import is_key_of
from apps.monitoring.logs.receiving import Receiver
from apps.monitoring.models import LogSource
from apps.search import store
from apps.search.bodies import Refusal, body_of
from apps.search.engines.base import EngineUnavailable
from apps.search.intake import Broken
from apps.search.timerange import milliseconds

log = logging.getLogger(__name__)

# Firehose buffers up to 64 MiB, which base64 makes a third larger.
MAX_BODY_BYTES = 96 << 20
MAX_RECORDS = 10_000
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:/=+-]{1,128}", re.ASCII)
_KEY_HEADER = "X-Amz-Firehose-Access-Key"
_ID_HEADER = "X-Amz-Firehose-Request-Id"


@csrf_exempt
@login_not_required
@require_POST
def firehose(request: HttpRequest, source_id: int) -> HttpResponse:
    """Records of Firehose: {requestId, timestamp, records: [{data}]}."""
    request_id = request.headers.get(_ID_HEADER, "")
    try:
        source = _admitted(request, source_id, LogSource.Kind.FIREHOSE)
        body = _json(request)
        request_id = _checked_id(request_id, body)
        _keep(source, f"firehose://{source.pk}/{request_id}", _records(body))
    except Refusal as refusal:
        return _answer(request_id, refusal)
    return _answer(request_id)


@csrf_exempt
@login_not_required
@require_POST
def function(request: HttpRequest, source_id: int) -> HttpResponse:
    """The event of a Lambda function that a subscription filter invoked, as it is:
    {"awslogs": {"data": ...}}."""
    try:
        source = _admitted(request, source_id, LogSource.Kind.LAMBDA)
        body = _json(request)
        _keep(source, f"lambda://{source.pk}", from_base64(_awslogs(body)))
    except Refusal as refusal:
        return _answer("", refusal)
    return _answer("")


def _checked_id(request_id: str, body: dict[str, Any]) -> str:
    """The id to answer with; the header and the body must not say different ones."""
    said = str(body.get("requestId", request_id))
    request_id = request_id or said
    if not _REQUEST_ID.fullmatch(request_id):
        raise Refusal(400, f"{_ID_HEADER} is missing or unreadable.")
    if said != request_id:
        raise Refusal(400, f"requestId is not that of {_ID_HEADER}.")
    return request_id


def _awslogs(body: dict[str, Any]) -> str:
    inside = body.get("awslogs")
    if not isinstance(inside, dict) or not isinstance(inside.get("data"), str):
        raise Refusal(400, "The body is no event with awslogs.data.")
    data: str = inside["data"]
    return data


def _admitted(request: HttpRequest, source_id: int, kind: LogSource.Kind) -> LogSource:
    """The source that the key is good for. One that is not there is told like a wrong
    key: nobody learns which sources there are."""
    source = LogSource.objects.filter(pk=source_id, kind=kind).first()
    key = request.headers.get(_KEY_HEADER, "")
    if source is None or not is_key_of(source, key):
        raise Refusal(401, f"{_KEY_HEADER} is not the access key of this source.")
    if not source.is_enabled:
        raise Refusal(503, "This source is paused. What is kept for it comes later.")
    return source


def _json(request: HttpRequest) -> dict[str, Any]:
    plain = body_of(request, MAX_BODY_BYTES)
    try:
        body = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"The body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refusal(400, "The body is no JSON object.")
    return body


def _records(body: dict[str, Any]) -> Iterator[Envelope | Broken]:
    records = body.get("records")
    if not isinstance(records, list):
        raise Refusal(400, "The body has no list of records.")
    if len(records) > MAX_RECORDS:
        raise Refusal(413, f"A request has {MAX_RECORDS:,} records at most.")
    return chain.from_iterable(map(_of_record, records))


def _of_record(record: Any) -> Iterator[Envelope | Broken]:
    if not isinstance(record, dict) or not isinstance(record.get("data"), str):
        return iter((Broken(0, "a record without data", b""),))
    return from_base64(record["data"])


def _keep(source: LogSource, origin: str, found: Iterable[Envelope | Broken]) -> None:
    """Returns once everything is durable."""
    receiver = Receiver(source, store.engine(), timezone.now)
    try:
        receiver.take(origin, found)
        receiver.commit()
    except (EngineUnavailable, DatabaseError) as error:
        log.warning("lines of %s were not kept: %s", source, error)
        _note(source, f"The store took no lines: {error}")
        raise Refusal(503, "The store takes no lines now. Try again.") from error
    _note(source, "")


def _note(source: LogSource, problem: str) -> None:
    now = timezone.now()
    row = LogSource.objects.filter(pk=source.pk)
    if problem:
        row.update(problem=problem, problem_since=source.problem_since or now)
        note_outage(source, now, problem)
    else:
        if source.problem:
            end_outage(source, now)
        row.update(problem="", problem_since=None, succeeded_at=now)


def _answer(request_id: str, refusal: Refusal | None = None) -> HttpResponse:
    """As Firehose reads it: its own id, and the time in milliseconds since 1970."""
    said: dict[str, Any] = {
        "requestId": request_id,
        "timestamp": milliseconds(timezone.now()),
    }
    if refusal is not None:
        said["errorMessage"] = str(refusal)
    return HttpResponse(
        orjson.dumps(said),
        content_type="application/json",
        status=refusal.status if refusal else 200,
    )
