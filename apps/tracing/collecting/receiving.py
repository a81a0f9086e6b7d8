"""Addresses that take spans, each as its senders know it: `/TraceSegments` as X-Ray's
PutTraceSegments, `/api/v2/spans` as Zipkin, `/v1/traces` as OTLP over HTTP.

An answer of 2xx means that what was taken is durable. Senders ask with a token of an
operator. `?account=` and `?region=` say whose spans they are that do not say it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.discovery.roles import Rights, Role
from apps.discovery.tokens import TokenAuthentication
from apps.search.bodies import Refusal, body_of
from apps.tracing.collecting import inbox
from apps.tracing.collecting.bodies import Item, NotABody, items
from apps.tracing.models import SpanDelivery
from apps.tracing.spans import otlpbinary
from apps.tracing.spans.segments import InvalidSegment
from apps.tracing.spans.values import account_of

MAX_BODY_BYTES = 16 << 20
_RETRY_SECONDS = 5
_REGION = re.compile(r"[a-z0-9-]{0,30}")
_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_INVALID, _DENIED = "InvalidSpan", "AccessDenied"
_WITHOUT_ACCOUNT = (
    "it names no account, and the token is of an operator of some accounts only: send "
    "to ?account=NUMBER"
)
_CODES = {403: "permission_denied", 413: "too_large", 503: "unavailable"}
log = logging.getLogger(__name__)

Format = SpanDelivery.Format


class Refused(NamedTuple):
    """A part of a body that is not taken: its place, its own id, and why."""

    place: int
    id: str
    code: str
    message: str


class _Looked(NamedTuple):
    """What a body holds: how many spans are taken, and what is not."""

    spans: int
    refused: list[Refused]


@dataclass(frozen=True)
class _Place:
    """Where spans belong that do not say it, and where their sender may put them."""

    account: str
    region: str
    rights: Rights

    def problem(self, item: Item) -> str:
        """Why the sender may not send this; empty where it may."""
        for account in {span.service.account for span in item.spans}:
            if not self.rights.may(Role.OPERATOR, account):
                return _WITHOUT_ACCOUNT if not account else _denied(account)
        return ""


def _denied(account: str) -> str:
    return f"the token is of a person who is no operator of account {account}"


class _Receiving(APIView):
    schema = None  # of X-Ray, Zipkin and OTLP, and not ours
    authentication_classes = (TokenAuthentication,)

    def post(self, request: Request) -> HttpResponse:
        """Takes what it can, durably, and says what it does not take."""
        sent = request._request  # noqa: SLF001  # DRF has read nothing of it
        try:
            place = _place_of(request)
            format_ = self.format_of(sent)
            body = body_of(sent, MAX_BODY_BYTES)
            looked = _looked_through(format_, body, place)
            if looked.spans:
                _keep(format_, body, place, self.untaken(looked.refused))
            return self.answer(format_, looked)
        except Refusal as refusal:
            return _refused(refusal)
        except NotABody as error:
            return _refused(Refusal(400, f"{error}."))

    def format_of(self, sent: HttpRequest) -> str:
        """The format of the body. Raises Refusal for one that is not taken."""
        raise NotImplementedError

    def untaken(self, refused: Sequence[Refused]) -> list[int]:
        """The places in the body that do not go into the store."""
        return [one.place for one in refused]

    def answer(self, format_: str, looked: _Looked) -> HttpResponse:
        """What senders of the format expect to hear. Raises Refusal."""
        raise NotImplementedError


class SegmentsView(_Receiving):
    """X-Ray's PutTraceSegments."""

    def format_of(self, sent: HttpRequest) -> str:
        return Format.XRAY

    def answer(self, format_: str, looked: _Looked) -> HttpResponse:
        return _json(
            {
                "UnprocessedTraceSegments": [
                    {"Id": one.id, "ErrorCode": one.code, "Message": one.message}
                    for one in looked.refused
                ]
            }
        )


class ZipkinView(_Receiving):
    """Zipkin's collector. Its answer has no place for spans that are not taken: what
    is wrong with some of them goes to quarantine."""

    def format_of(self, sent: HttpRequest) -> str:
        if sent.content_type != _JSON:
            raise Refusal(415, "Spans are sent as application/json, version 2.")
        return Format.ZIPKIN

    def untaken(self, refused: Sequence[Refused]) -> list[int]:
        return []

    def answer(self, format_: str, looked: _Looked) -> HttpResponse:
        if looked.refused and not looked.spans:
            first = looked.refused[0]
            status = 403 if first.code == _DENIED else 400
            raise Refusal(status, f"Nothing was taken: {first.message}.")
        return HttpResponse(status=202)


class OtlpView(_Receiving):
    """OTLP over HTTP."""

    def format_of(self, sent: HttpRequest) -> str:
        if sent.content_type == _PROTOBUF:
            return Format.OTLP
        if sent.content_type == _JSON:
            return Format.OTLP_JSON
        raise Refusal(415, f"Exports are sent as {_PROTOBUF} or {_JSON}.")

    def answer(self, format_: str, looked: _Looked) -> HttpResponse:
        rejected = len(looked.refused)
        message = looked.refused[0].message if rejected else ""
        if format_ == Format.OTLP:
            return HttpResponse(
                otlpbinary.answer(rejected, message), content_type=_PROTOBUF
            )
        told = {"rejectedSpans": str(rejected), "errorMessage": message}
        return _json({"partialSuccess": told} if rejected else {})


def _place_of(request: Request) -> _Place:
    """Raises Refusal."""
    account = request.query_params.get("account", "")
    region = request.query_params.get("region", "")
    if account and not account_of(account):
        raise Refusal(400, "account is 12 digits.")
    if not _REGION.fullmatch(region):
        raise Refusal(400, "region is the code of a region, such as eu-west-1.")
    rights = person(request).rights
    if rights.accounts(Role.OPERATOR) == frozenset():
        raise Refusal(403, "The token is of a person without the role operator.")
    return _Place(account, region, rights)


def _looked_through(format_: str, body: bytes, place: _Place) -> _Looked:
    """Raises NotABody."""
    spans, refused = 0, []
    for at, item in enumerate(items(format_, body, place.account, place.region)):
        found = _refusal_of(item, at, place)
        if found is None:
            spans += len(item.spans)
        else:
            refused.append(found)
    return _Looked(spans, refused)


def _refusal_of(item: Item, at: int, place: _Place) -> Refused | None:
    if item.problem is not None:
        problem = item.problem
        code = problem.code if isinstance(problem, InvalidSegment) else _INVALID
        return Refused(at, item.id, code, str(problem))
    denied = place.problem(item)
    return Refused(at, item.id, _DENIED, denied) if denied else None


def _keep(format_: str, body: bytes, place: _Place, untaken: list[int]) -> None:
    """Returns once it is durable. Raises Refusal."""
    try:
        now = timezone.now()
        inbox.put(format_, body, (place.account, place.region), untaken, now)
    except inbox.Full as error:
        text = "More spans wait to be stored than are taken. Try again."
        raise Refusal(503, text) from error
    except DatabaseError as error:
        log.warning("posted spans were not kept: %s", error)
        raise Refusal(503, "The database takes nothing now. Try again.") from error


def _refused(refusal: Refusal) -> HttpResponse:
    code = _CODES.get(refusal.status, "invalid")
    answer = _json(
        {"error": {"code": code, "message": str(refusal)}}, status=refusal.status
    )
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(_RETRY_SECONDS)
    return answer


def _json(said: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(said), content_type=_JSON, status=status)
