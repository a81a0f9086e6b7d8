"""AWS on loopback: answers as AWS documents, or raises as AWS does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

ACCOUNT = "111122223333"
_STS = "https://sts.amazonaws.com/doc/2011-06-15/"


@dataclass
class Fault(Exception):
    """An error as AWS answers it."""

    code: str
    message: str = ""
    status: int = 400


Answer = Mapping[str, Any]


@dataclass
class FakeAws:
    """STS with roles that demand an ExternalId, and CloudTrail's LookupEvents.

    `trusted` maps a role to the ExternalId it demands; None demands none.
    `events` are records; `page` is how many a page of LookupEvents holds.
    """

    trusted: dict[str, str | None] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    page: int = 2
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    account: str = ACCOUNT

    def answer(self, operation: str, parameters: dict[str, Any]) -> Answer:
        self.calls.append((operation, parameters))
        if self.faults:
            raise self.faults.pop(0)
        operations: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "AssumeRole": self._assume_role,
            "GetCallerIdentity": self._caller,
            "LookupEvents": self._lookup_events,
        }
        if operation not in operations:
            raise NotImplementedError(f"the fake knows no {operation}")
        return operations[operation](parameters)

    def _assume_role(self, parameters: dict[str, Any]) -> Answer:
        role = parameters["RoleArn"]
        demanded = self.trusted.get(role, "nobody is trusted")
        if demanded is not None and parameters.get("ExternalId") != demanded:
            raise Fault(
                "AccessDenied",
                f"not authorized to perform: sts:AssumeRole on {role}",
                403,
            )
        expires = datetime.now(UTC) + timedelta(hours=1)
        return {
            "Credentials": {
                "AccessKeyId": "ASIAEXAMPLE",
                "SecretAccessKey": "secret",
                "SessionToken": "token",
                "Expiration": expires.isoformat(timespec="seconds"),
            },
            "AssumedRoleUser": {"AssumedRoleId": "AROA:x", "Arn": role},
        }

    def _caller(self, parameters: dict[str, Any]) -> Answer:
        return {"Account": self.account, "Arn": "arn:aws:iam::x:user/u", "UserId": "U"}

    def _lookup_events(self, parameters: dict[str, Any]) -> Answer:
        """Newest first, with an empty page in between, as AWS is free to send."""
        since, until = parameters["StartTime"], parameters["EndTime"]
        found = sorted(
            (one for one in self.events if since <= _epoch(one) <= until),
            key=_epoch,
            reverse=True,
        )
        start = int(parameters.get("NextToken", "0").split("-")[0])
        if parameters.get("NextToken", "").endswith("-empty"):
            return {"Events": [], "NextToken": f"{start}-"}
        events = found[start : start + self.page]
        rest = {"NextToken": f"{start + self.page}-empty"}
        return {
            "Events": [
                {"EventId": one["eventID"], "CloudTrailEvent": json.dumps(one)}
                for one in events
            ],
            **(rest if start + self.page < len(found) else {}),
        }


def _epoch(record: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(record["eventTime"]).timestamp()


def serve(aws: FakeAws) -> ThreadingHTTPServer:
    """Serve on a free port of loopback until `shutdown`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target")
            if target:
                operation, parameters = target.rsplit(".", 1)[-1], json.loads(body)
            else:
                form = parse_qs(body.decode())
                parameters = {name: values[0] for name, values in form.items()}
                operation = parameters.pop("Action")
            self._respond(operation, parameters, is_json=bool(target))

        def _respond(
            self, operation: str, parameters: dict[str, Any], *, is_json: bool
        ) -> None:
            try:
                answer, status = aws.answer(operation, parameters), 200
            except Fault as fault:
                answer, status = {"fault": fault}, fault.status
            written = (_json if is_json else _xml)(operation, answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(written)))
            self.send_header(
                "Content-Type", "application/x-amz-json-1.1" if is_json else "text/xml"
            )
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _json(operation: str, answer: Answer) -> bytes:
    fault = answer.get("fault")
    if isinstance(fault, Fault):
        return json.dumps({"__type": fault.code, "message": fault.message}).encode()
    return json.dumps(answer).encode()


def _xml(operation: str, answer: Answer) -> bytes:
    fault = answer.get("fault")
    if isinstance(fault, Fault):
        error = {"Error": {"Code": fault.code, "Message": fault.message}}
        return (
            f'<ErrorResponse xmlns="{_STS}">{_elements(error)}</ErrorResponse>'.encode()
        )
    result = f"<{operation}Result>{_elements(answer)}</{operation}Result>"
    return (
        f'<{operation}Response xmlns="{_STS}">{result}</{operation}Response>'
    ).encode()


def _elements(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{n}>{_elements(child)}</{n}>" for n, child in value.items())
    return str(value)
