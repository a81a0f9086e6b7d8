"""What a line of text says, as fields. The first letters decide what is tried, so
that a plain line costs little."""

from collections.abc import Callable, Sequence
from typing import Any

from apps.monitoring.logs.formats import accesslogs, flowlogs
from apps.monitoring.logs.formats.bodies import body, of_object
from apps.monitoring.logs.formats.lambdas import invocation
from apps.monitoring.logs.formats.levels import level_in
from apps.monitoring.logs.formats.references import request_in, trace_in

Fields = dict[str, Any]


def fields_of(message: str, flow_fields: Sequence[str] = ()) -> Fields:
    """Fields of ours, their names beginning with @, and those the line itself has.
    `flow_fields` says in which order a flow log has its fields, where that is known.
    """
    if flow_fields:
        flow = flowlogs.parse(message, flow_fields)
        if flow is not None:
            return _without_none(flow) | {"@format": "vpcflow"}
    for name, parse in _BY_LETTER.get(message[:1], ()):
        fields = parse(message)
        if fields is not None:
            fields.setdefault("@format", name)
            return (
                fields if "@traceId" in fields else _with_trace(fields, name, message)
            )
    return _text(message)


def _with_trace(fields: Fields, name: str, message: str) -> Fields:
    """REPORT lines of Lambda name their trace at the end."""
    trace = trace_in(message) if name == "lambda" else None
    return fields | {"@traceId": trace} if trace else fields


def fields_of_object(value: Fields) -> Fields:
    """The fields of a message that is this JSON object, and was read already."""
    fields = of_object(value)
    fields.setdefault("@format", "json")
    return fields


def _text(message: str) -> Fields:
    fields: Fields = {"@format": "text"}
    level = level_in(message)
    if level is not None:
        fields["@level"] = level
    trace = trace_in(message)
    if trace is not None:
        fields["@traceId"] = trace
    request = request_in(message)
    if request is not None:
        fields["@requestId"] = request
    return fields


def _json(message: str) -> Fields | None:
    return body(message)


def _flow(message: str) -> Fields | None:
    if not flowlogs.looks_default(message):
        return None
    found = flowlogs.parse(message)
    return None if found is None else _without_none(found)


def _clf(message: str) -> Fields | None:
    return accesslogs.gateway(message) if '] "' in message else None


def _without_none(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


_Parser = tuple[str, Callable[[str], Fields | None]]
_ALB: _Parser = ("alb", accesslogs.load_balancer)
_S3: _Parser = ("s3access", accesslogs.bucket)
_CLF: _Parser = ("clf", _clf)
_LAMBDA: _Parser = ("lambda", invocation)
_BY_LETTER: dict[str, tuple[_Parser, ...]] = {
    "{": (("json", _json),),
    "<": (("apigateway", accesslogs.gateway_xml),),
    **dict.fromkeys("SER", (_LAMBDA,)),
    **dict.fromkeys("hgw", (_ALB,)),
    **dict.fromkeys("0123456789abcdef:", (_CLF, _S3)),
    **dict.fromkeys("2345", (("vpcflow", _flow), _CLF, _S3)),
}
