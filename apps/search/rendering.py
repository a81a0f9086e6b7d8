"""JSON of the REST API: what is sent to it, its answers, and errors in one shape."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response

from apps.search.engines.base import EngineUnavailable, InvalidCursor, QueryTooBroad
from apps.search.intervals import IntervalError
from apps.search.kinds import UnknownKind
from apps.search.syntax import QuerySyntaxError
from apps.search.timerange import TimeError

# Our own errors: the code clients see, the parameter at fault, the HTTP status.
_OURS: Mapping[type[Exception], tuple[str, str | None, int]] = {
    QuerySyntaxError: ("query_syntax", "q", status.HTTP_400_BAD_REQUEST),
    TimeError: ("time", "since", status.HTTP_400_BAD_REQUEST),
    IntervalError: ("interval", "interval", status.HTTP_400_BAD_REQUEST),
    InvalidCursor: ("cursor", "after", status.HTTP_400_BAD_REQUEST),
    QueryTooBroad: ("query_too_broad", "q", status.HTTP_400_BAD_REQUEST),
    UnknownKind: ("not_found", "kind", status.HTTP_404_NOT_FOUND),
    EngineUnavailable: ("unavailable", None, status.HTTP_503_SERVICE_UNAVAILABLE),
}


# Four times the longest dashboard; nothing else that is sent is near it.
MOST_SENT = 4_000_000


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"More than {MOST_SENT:,} bytes were sent."
    default_code = "too_large"


class JsonParser(BaseParser):
    """What was sent, by a parser that refuses what is no JSON (NaN, half a surrogate)
    and what is nested too deeply, and of so many bytes at most."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        sent = stream.read(MOST_SENT + 1)
        if len(sent) > MOST_SENT:
            raise TooLarge
        try:
            return orjson.loads(sent)
        except orjson.JSONDecodeError as error:
            raise exceptions.ParseError(f"This is no JSON: {error}.") from error


class Verbatim(bytes):
    """JSON that goes into an answer exactly as it is."""


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_default)


def _default(value: Any) -> Any:
    if isinstance(value, Verbatim):
        return orjson.Fragment(bytes(value))
    return str(value)


def error_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """{"error": {"code", "message", "field"?}}; None lets Django report a fault."""
    for kind, (code, field, http_status) in _OURS.items():
        if isinstance(error, kind):
            return Response(_body(code, str(error), field), status=http_status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if not isinstance(error, exceptions.APIException):
        return None
    scheme = getattr(error, "auth_header", None)
    headers = {"WWW-Authenticate": scheme} if scheme else {}
    code, message, field = _described(error)
    return Response(
        _body(code, message, field), status=error.status_code, headers=headers
    )


def _described(error: exceptions.APIException) -> tuple[str, str, str | None]:
    """Code, message and field of the first thing that is wrong."""
    detail, field = error.detail, None
    while not isinstance(detail, str):
        if isinstance(detail, Mapping):
            field, detail = next(iter(detail.items()))
        else:
            detail = detail[0]
    return str(getattr(detail, "code", error.default_code)), str(detail), field


def _body(code: str, message: str, field: str | None) -> dict[str, Any]:
    error = {"code": code, "message": message}
    return {"error": error | ({"field": field} if field else {})}
