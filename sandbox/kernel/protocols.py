"""Requests and answers on the wire.

Routing, parsing and most serialising are moto's, driven by botocore's models. The
json protocol is answered here: it carries nearly all traffic, and a handler's answer
is JSON already.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import orjson
from botocore.utils import parse_timestamp
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.serialize import SerializationContext, get_serializer_class

from sandbox.kernel.calls import Answer, Parameters
from sandbox.kernel.errors import ApiError

JSON = "application/x-amz-json-1.1"
XML = "text/xml"

Wire = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""

_QUERY_ERROR = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
    "<Message>{message}</Message></Error><RequestId>{request_id}</RequestId>"
    "</ErrorResponse>"
)
_ERRORS_IN_XML = {
    "query": _QUERY_ERROR,
    "rest-xml": _QUERY_ERROR,
    "ec2": (
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>"
        "</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    ),
    "s3": (
        "<Error><Code>{code}</Code><Message>{message}</Message>"
        "<RequestId>{request_id}</RequestId></Error>"
    ),
}


def protocol_of(operation: OperationModel, request: Request) -> str:
    return determine_request_protocol(operation.service_model, request.content_type)


def parse(
    operation: OperationModel, request: Request, labels: Mapping[str, Any]
) -> Parameters:
    """The parameters of a request. Raises SerializationException for what is none."""
    protocol = protocol_of(operation, request)
    try:
        if protocol == "json":
            return _json_object(_body(request))
        parser = PROTOCOL_PARSERS[protocol](operation, timestamp_parser=_seconds)
        parsed: Parameters = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.get_data(),
                "url_path": request.path,
                "url_params": dict(labels),
            }
        )
    except (
        ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, zlib.error
    ) as error:  # fmt: skip
        raise ApiError("SerializationException", f"Cannot be read: {error}") from error
    return parsed


def _body(request: Request) -> bytes:
    """SDKs send large bodies as gzip where the model says they may."""
    body: bytes = request.get_data()
    is_gzip = request.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(body) if is_gzip else body


def _json_object(body: bytes) -> Parameters:
    parsed = orjson.loads(body or b"{}")
    if not isinstance(parsed, dict):
        raise TypeError("start of structure or map found where not expected.")
    return parsed


def _seconds(value: str) -> float:
    seconds: float = parse_timestamp(value).timestamp()
    return seconds


def answer(
    operation: OperationModel, protocol: str, result: Answer, request_id: str
) -> Wire:
    """An answer as bytes; `result` has AWS's member names and times as numbers."""
    if protocol == "json" or (protocol == "rest-json" and _is_all_body(operation)):
        headers = {"Content-Type": JSON, "x-amzn-RequestId": request_id}
        return 200, headers, orjson.dumps(result)
    serializer = get_serializer_class(operation.service_model.service_name, protocol)(
        operation, context=SerializationContext(request_id=request_id)
    )
    wire = serializer.serialize(result)
    body = wire["body"]
    headers = {**wire["headers"], "x-amzn-RequestId": request_id}
    encoded = body.encode() if isinstance(body, str) else bytes(body)
    return _status(operation, result) or wire["status_code"], headers, encoded


def _status(operation: OperationModel, result: Answer) -> int:
    """The HTTP status an answer carries as a member, which moto leaves out, or 0."""
    shape = operation.output_shape
    members = shape.members.items() if shape is not None else ()
    for name, member in members:
        if member.serialization.get("location") == "statusCode":
            return int(result.get(name) or 0)
    return 0


def _is_all_body(operation: OperationModel) -> bool:
    shape = operation.output_shape
    if shape is None:
        return True
    members = shape.members.values()
    return not shape.serialization.get("payload") and not any(
        "location" in member.serialization for member in members
    )


def error_answer(error: ApiError, service: str, protocol: str, request_id: str) -> Wire:
    """An error as the service's protocol says it."""
    if protocol in {"json", "rest-json"}:
        headers = {
            "Content-Type": JSON,
            "x-amzn-RequestId": request_id,
            "x-amzn-ErrorType": error.code,
        }
        # Services differ in the case of this word; SDKs read both.
        body = {"__type": error.code, "message": error.message, **error.details}
        return error.status, headers, orjson.dumps(body)
    template = _ERRORS_IN_XML["s3" if service == "s3" else protocol]
    text = template.format(
        code=error.code, message=escape(error.message), request_id=request_id
    )
    headers = {"Content-Type": XML, "x-amzn-RequestId": request_id}
    return error.status, headers, text.encode()
