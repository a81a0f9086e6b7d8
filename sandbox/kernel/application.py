"""The front door: who calls, what for, may they, does it fail, and who answers."""

from __future__ import annotations

import io
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from botocore.parsers import create_parser
from moto.core.model import OperationModel
from moto.core.request import Request
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.test import run_wsgi_app

from sandbox.kernel import (
    catalog,
    emptypages,
    identities,
    policies,
    protocols,
    signatures,
    validation,
)
from sandbox.kernel.calls import Call, Finished, Handler, Service
from sandbox.kernel.clients import INTERNAL, SOURCE_IP
from sandbox.kernel.cloud import HOME_REGION, Cloud
from sandbox.kernel.errors import ApiError, absent
from sandbox.kernel.faults import FaultKind
from sandbox.kernel.principals import Principal
from sandbox.kernel.resources import resource_of

log = logging.getLogger(__name__)

Control = Callable[[str, str, bytes], protocols.Wire]
"""Answers the sandbox's own requests: method, path, body."""
Inspect = Callable[[OperationModel, Mapping[str, Any]], None]
"""Looks at each answer of our own handlers; tests hold them against AWS's model."""

CONTROL = "/_sandbox/"
_HOSTS = frozenset({"127.0.0.1", "localhost"})
# These check themselves: walking every sample and line would cost more than the work.
_CHECK_THEMSELVES = frozenset(
    {"cloudwatch:PutMetricData", "logs:PutLogEvents", "xray:PutTraceSegments"}
)
_READS = ("Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Select", "Search")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was understood."""

    request: Request
    operation: OperationModel
    labels: Mapping[str, Any]
    protocol: str
    request_id: str

    @property
    def service(self) -> str:
        return str(self.operation.service_model.service_name)

    @property
    def name(self) -> str:
        return str(self.operation.name)


class Application:
    """A WSGI application: our handlers in front, moto behind."""

    def __init__(
        self, cloud: Cloud, services: Iterable[Service], control: Control
    ) -> None:
        self.inspect: Inspect = lambda operation, answer: None
        self._cloud = cloud
        self._services = {service.name: service for service in services}
        self._control = control
        self._moto = DomainDispatcherApplication(create_backend_app)
        cloud.clients.application = self

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        status, headers, body = self._respond(environ)
        # An answer to HEAD says how long the body would be.
        headers.setdefault("Content-Length", str(len(body)))
        start_response(f"{status} {_reason(status)}", list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _respond(self, environ: dict[str, Any]) -> protocols.Wire:
        request = Request(environ)
        body = request.get_data(cache=True, parse_form_data=False)
        if not _is_from_here(request):
            return json_answer(403, {"error": "Only this machine is answered."})
        if request.path.startswith(CONTROL):
            return self._control(request.method, request.path, body)
        # moto reads the body again, from where it was.
        environ["wsgi.input"] = io.BytesIO(body)
        signed = signatures.read(request.headers.get("Authorization", ""))
        service = signed.service if signed else "sts"
        request_id = str(uuid.uuid4())
        try:
            operation, labels = catalog.operation_of(service, request)
        except ApiError as error:
            return protocols.error_answer(error, service, _guess(request), request_id)
        protocol = protocols.protocol_of(operation, request)
        asked = _Asked(request, operation, labels, protocol, request_id)
        return self._answer(asked, signed)

    def _answer(
        self, asked: _Asked, signed: signatures.Signed | None
    ) -> protocols.Wire:
        try:
            principal = self._principal(asked, signed)
            call = self._call(asked, principal, signed)
        except ApiError as error:
            return self._refusal(asked, error)
        try:
            self._check(asked, call)
            return self._carry_out(asked, call)
        except ApiError as error:
            self._cloud.finished(Finished(call, {}, error))
            return self._refusal(asked, error)
        except Exception:
            log.exception("%s:%s failed", call.service, call.operation)
            return self._refusal(asked, _failed())

    def _refusal(self, asked: _Asked, error: ApiError) -> protocols.Wire:
        said = _as_json_services_say_it(error, asked.protocol)
        return protocols.error_answer(
            said, asked.service, asked.protocol, asked.request_id
        )

    def _principal(self, asked: _Asked, signed: signatures.Signed | None) -> Principal:
        inside = asked.request.environ.get(INTERNAL)
        if isinstance(inside, Principal):
            return inside
        return self._cloud.identities.who(
            signed, asked.request, self._cloud.clock.now()
        )

    def _call(
        self, asked: _Asked, principal: Principal, signed: signatures.Signed | None
    ) -> Call:
        environ = asked.request.environ
        # An object's bytes are moto's business; CloudTrail records none of them.
        is_object = asked.service == "s3" and "Key" in asked.labels
        parameters = (
            dict(asked.labels)
            if is_object
            else protocols.parse(asked.operation, asked.request, asked.labels)
        )
        return Call(
            service=asked.service,
            operation=asked.name,
            parameters=parameters,
            account=principal.account,
            region=signed.region if signed else HOME_REGION,
            principal=principal,
            now=self._cloud.clock.now(),
            request_id=asked.request_id,
            source_ip=environ.get(SOURCE_IP) or environ.get("REMOTE_ADDR", ""),
            user_agent=asked.request.headers.get("User-Agent", ""),
        )

    def _check(self, asked: _Asked, call: Call) -> None:
        """What refuses a call before anything is done."""
        if INTERNAL not in asked.request.environ:
            self._strike(call)
        own = identities.action_of(call.service, call.operation)
        for action in (own, *identities.also_needed(call)):
            wanted = policies.Request(
                action, resource_of(call), context=identities.context_of(call)
            )
            # Whether a role may be assumed is up to its trust policy too: STS decides.
            if action != "sts:AssumeRole":
                self._cloud.identities.check_allowed(call.principal, wanted)

    def _strike(self, call: Call) -> None:
        where = f"{call.service}.{call.operation}"
        strike = self._cloud.faults.strike
        latency = strike(FaultKind.LATENCY, where, call.account, call.now)
        if latency:
            time.sleep(latency.seconds)
        if strike(FaultKind.EXPIRED, where, call.account, call.now):
            raise identities.expired()
        if strike(FaultKind.DENIED, where, call.account, call.now):
            action = identities.action_of(call.service, call.operation)
            raise identities.denied(call.principal, policies.Request(action))
        if strike(FaultKind.THROTTLE, where, call.account, call.now):
            raise _throttled(call)
        if strike(FaultKind.ERROR, where, call.account, call.now):
            raise _failed()

    def _carry_out(self, asked: _Asked, call: Call) -> protocols.Wire:
        where = f"{call.service}.{call.operation}"
        page = self._page(asked, call)
        if page.answer is not None:
            return protocols.answer(
                asked.operation, asked.protocol, page.answer, asked.request_id
            )
        handler = self._handler(page.call)
        if handler is None:
            wire = self._by_moto(asked, page.call)
        else:
            wire = self._by_handler(asked, page.call, handler)
        inside = INTERNAL in asked.request.environ
        if not inside and self._cloud.faults.strike(
            FaultKind.ERROR_AFTER, where, call.account, call.now
        ):
            return self._refusal(asked, _failed())
        return wire

    def _page(self, asked: _Asked, call: Call) -> emptypages.Page:
        # moto reads the request itself: only JSON can be handed on with its own token.
        if call.service not in self._services and asked.protocol != "json":
            return emptypages.Page(call)
        page = emptypages.of(asked.operation, call, self._cloud.faults)
        if page.call is not call and asked.protocol == "json":
            body = orjson.dumps(page.call.parameters)
            asked.request.environ["wsgi.input"] = io.BytesIO(body)
            asked.request.environ["CONTENT_LENGTH"] = str(len(body))
        return page

    def _handler(self, call: Call) -> Handler | None:
        """Ours, or None for moto's. Raises where the sandbox has none."""
        service = self._services.get(call.service)
        if service is None:
            return None
        handler = service.operations.get(call.operation)
        if handler is None and call.operation not in service.from_moto:
            raise absent(call.service, call.operation)
        return handler

    def _by_handler(
        self, asked: _Asked, call: Call, handler: Handler
    ) -> protocols.Wire:
        if f"{call.service}:{call.operation}" not in _CHECK_THEMSELVES:
            validation.check(asked.operation, call.parameters)
        answer = handler(call)
        self.inspect(asked.operation, answer)
        self._cloud.finished(Finished(call, answer))
        return protocols.answer(
            asked.operation, asked.protocol, answer, asked.request_id
        )

    def _by_moto(self, asked: _Asked, call: Call) -> protocols.Wire:
        environ = asked.request.environ
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.account
        # moto would take these for its own interface, which knows no permissions.
        if asked.request.path.startswith(("/moto-api", "/latest/")):
            raise absent(call.service, f"{call.operation} on {asked.request.path}")
        try:
            chunks, status, headers = run_wsgi_app(self._moto, environ)
        except NotImplementedError as error:
            raise absent(call.service, call.operation) from error
        body = b"".join(chunks)
        code = int(status.split(" ", 1)[0])
        # moto answers what it does not have with a page for people.
        if code >= 400 and body[:15].lower() == b"<!doctype html>":  # noqa: PLR2004
            raise absent(call.service, call.operation)
        self._cloud.finished(_finished_by_moto(asked, call, code, body))
        kept = {
            name: value
            for name, value in headers.items()
            if name.lower() not in {"content-length", "connection"}
        }
        if environ["REQUEST_METHOD"] == "HEAD" and "Content-Length" in headers:
            kept["Content-Length"] = headers["Content-Length"]
        return code, kept, body


def _finished_by_moto(asked: _Asked, call: Call, code: int, body: bytes) -> Finished:
    """What moto did, as listeners hear it: answers of reads are nobody's business."""
    is_read = call.operation.startswith(_READS) or "Key" in asked.labels
    if code < 300 and is_read:  # noqa: PLR2004 - HTTP status
        return Finished(call, {})
    parsed = create_parser(asked.protocol).parse(
        {"status_code": code, "headers": {}, "body": body},
        cast("Any", asked.operation.output_shape),  # None where there is no output
    )
    parsed.pop("ResponseMetadata", None)
    said = parsed.pop("Error", None)
    if code >= 300 and said is not None:  # noqa: PLR2004
        error = ApiError(said.get("Code", str(code)), said.get("Message", ""), code)
        return Finished(call, {}, error)
    return Finished(call, parsed)


def _throttled(call: Call) -> ApiError:
    """Each service has its own word. Source: the services' lists of common errors."""
    if call.service == "ec2":
        return ApiError("RequestLimitExceeded", "Request limit exceeded.", 503)
    if call.service == "s3":
        return ApiError("SlowDown", "Please reduce your request rate.", 503)
    if call.service in {"cloudwatch", "sts", "iam", "sns"}:
        return ApiError("Throttling", "Rate exceeded")
    return ApiError("ThrottlingException", "Rate exceeded")


def _failed() -> ApiError:
    return ApiError("InternalFailure", "An internal error occurred.", 500)


# The json services say the same refusals with other words and status 400.
# Source: errors common to all actions in the services' API references.
_IN_JSON: Mapping[str, str] = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
}


def _as_json_services_say_it(error: ApiError, protocol: str) -> ApiError:
    if protocol in {"json", "rest-json"} and error.code in _IN_JSON:
        return ApiError(_IN_JSON[error.code], error.message, 400)
    return error


def _guess(request: Request) -> str:
    """The protocol of a request for nothing we know."""
    if "X-Amz-Target" in request.headers:
        return "json"
    return "query" if b"Action=" in request.get_data() else "rest-json"


def _is_from_here(request: Request) -> bool:
    """Whether the request is for this machine by name, and from no web page.

    A page could have its own name resolved to loopback, read the keys, and run code
    by a function.
    """
    host = request.host.rsplit(":", 1)[0]
    return host in _HOSTS and "Origin" not in request.headers


def _reason(status: int) -> str:
    return "OK" if status < 300 else "Error"  # noqa: PLR2004 - HTTP status


def json_answer(status: int, content: Any) -> protocols.Wire:
    """An answer of the sandbox's own interface."""
    return status, {"Content-Type": "application/json"}, orjson.dumps(content)
