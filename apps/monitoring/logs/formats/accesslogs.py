"""Access logs of load balancers, S3 and API Gateway, and those shaped like Apache's.

Names are those of the tables that AWS documents for Athena. Sources: "Access logs for
your Application Load Balancer"; "Amazon S3 server access log format"; "Set up
CloudWatch logging for REST APIs in API Gateway", with its four sample formats.
"""

import re
from typing import Any

from apps.monitoring.logs.formats.references import trace_of


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


Fields = dict[str, Any]

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)"|\[([^\]]*)\]|(\S+)')
_ALB = _names(
    "type time elb client target request_processing_time target_processing_time "
    "response_processing_time elb_status_code target_status_code received_bytes "
    "sent_bytes request user_agent ssl_cipher ssl_protocol target_group_arn "
    "trace_id domain_name chosen_cert_arn matched_rule_priority "
    "request_creation_time actions_executed redirect_url lambda_error_reason "
    "target_port_list target_status_code_list classification "
    "classification_reason conn_trace_id"
)
_ALB_FEWEST = 17
_ALB_TYPES = ("http ", "https ", "h2 ", "grpcs ", "ws ", "wss ")
_S3 = _names(
    "bucketowner bucket_name requestdatetime remoteip requester requestid "
    "operation key request_uri httpstatus errorcode bytessent objectsize "
    "totaltime turnaroundtime referrer useragent versionid hostid sigv "
    "ciphersuite authtype endpoint tlsversion accesspointarn aclrequired"
)
_S3_FEWEST = 17
_S3_LINE = re.compile(r"[0-9a-f]{64} \S+ \[\d\d/")
_CLF = re.compile(
    r"(?P<ip>[0-9a-fA-F.:]+) (?P<caller>\S+) (?P<user>\S+) \[(?P<requestTime>[^\]]+)\]"
    r' "(?P<httpMethod>[A-Z]+) (?P<resourcePath>\S+) ?(?P<protocol>[^"]*)"'
    r" (?P<status>\d{3}) (?P<responseLength>\d+|-)(?P<rest> .*)?",
    re.DOTALL,
)
_REQUEST_ID = re.compile(r" ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*")
_COMBINED = re.compile(r' "(?P<referrer>[^"]*)" "(?P<useragent>[^"]*)".*', re.DOTALL)
_XML = re.compile(r'<request id="([^"]+)">')
_ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>")
_NUMBERS = frozenset(
    _names(
        "request_processing_time target_processing_time response_processing_time "
        "elb_status_code target_status_code received_bytes sent_bytes client_port "
        "target_port httpstatus bytessent objectsize totaltime turnaroundtime status "
        "responseLength"
    )
)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)


def load_balancer(line: str) -> Fields | None:
    """A request that an Application Load Balancer took."""
    if not line.startswith(_ALB_TYPES):
        return None
    fields = _columns(line, _ALB, _ALB_FEWEST)
    if fields is None:
        return None
    for side in ("client", "target"):
        address, _, port = str(fields.pop(side, "")).rpartition(":")
        fields |= _typed({f"{side}_ip": address, f"{side}_port": port})
    trace = trace_of(fields.get("trace_id"))
    return fields | _request(fields) | ({"@traceId": trace} if trace else {})


def bucket(line: str) -> Fields | None:
    """A request that S3 answered."""
    if not _S3_LINE.match(line):
        return None
    fields = _columns(line, _S3, _S3_FEWEST)
    if fields is not None and "requestid" in fields:
        fields["@requestId"] = fields["requestid"]
    return fields


def gateway(line: str) -> Fields | None:
    """A request in the common log format, of API Gateway where an id follows."""
    found = _CLF.fullmatch(line)
    if found is None:
        return None
    said = found.groupdict(default="")
    rest = said.pop("rest")
    fields = _typed(said)
    of_request = _REQUEST_ID.fullmatch(rest)
    if of_request is not None:
        return fields | {"@format": "apigateway", "@requestId": of_request[1]}
    combined = _COMBINED.fullmatch(rest)
    return fields | (_typed(combined.groupdict()) if combined else {})


def gateway_xml(line: str) -> Fields | None:
    """A request in API Gateway's sample of XML."""
    found = _XML.match(line)
    if found is None:
        return None
    return _typed(dict(_ELEMENT.findall(line))) | {"@requestId": found[1]}


def _columns(line: str, names: tuple[str, ...], fewest: int) -> Fields | None:
    """Values by name. AWS adds columns at the end: more are left unnamed."""
    values = [
        quoted or bracketed or bare for quoted, bracketed, bare in _TOKEN.findall(line)
    ]
    if len(values) < fewest:
        return None
    return _typed(dict(zip(names, values, strict=False)))


def _typed(texts: dict[str, str]) -> Fields:
    """Numbers as numbers; what says nothing left out."""
    return {
        name: _number(text) if name in _NUMBERS else text
        for name, text in texts.items()
        if text not in ("-", "")
    }


def _number(text: str) -> str | float:
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _request(fields: Fields) -> Fields:
    names = ("request_verb", "request_url", "request_proto")
    parts = str(fields.get("request", "")).split(" ")
    is_whole = len(parts) == len(names)
    return dict(zip(names, parts, strict=True)) if is_whole else {}
