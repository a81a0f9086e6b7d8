"""boto3 clients that call the sandbox from inside, without a socket.

Services act on each other as AWS's do, through the public operations: an alarm
publishes to SNS, a trail writes to S3, an automation changes a security group.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from werkzeug.test import EnvironBuilder, run_wsgi_app

from sandbox.kernel.principals import Principal

INTERNAL = "sandbox.principal"
"""Where the environment of an inside request names its caller. No header can set it."""
SOURCE_IP = "sandbox.source_ip"

# moto takes a host with a dot in it, but an address, for the name of a bucket.
_ENDPOINT = "http://127.0.0.1"
_CONFIG = Config(
    inject_host_prefix=False,
    s3={"addressing_style": "path"},
    retries={"total_max_attempts": 1},
    # S3's own checksums of streams only cost time here.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)

Wsgi = Callable[..., Any]


_MAKING = threading.Lock()


@lru_cache(maxsize=1)
def _session() -> boto3.Session:
    """One for all: each parses the models of its services by itself. Making clients
    of it is not thread-safe."""
    return boto3.Session(
        aws_access_key_id="internal",
        aws_secret_access_key="internal",  # noqa: S106 - opens nothing
    )


class Clients:
    """Makes and keeps clients; `application` is set when the sandbox is assembled."""

    def __init__(self) -> None:
        self.application: Wsgi | None = None
        self._clients: dict[tuple[str, str, str, Principal, str], Any] = {}
        self._lock = threading.Lock()

    def get(
        self,
        service: str,
        account: str,
        region: str,
        principal: Principal,
        source_ip: str = "127.0.0.1",
    ) -> Any:
        key = (service, account, region, principal, source_ip)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._new(service, region, principal, source_ip)
            return self._clients[key]

    def _new(
        self, service: str, region: str, principal: Principal, source_ip: str
    ) -> Any:
        make: Callable[..., Any] = _session().client
        with _MAKING:
            client = make(
                service, region_name=region, endpoint_url=_ENDPOINT, config=_CONFIG
            )

        def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            return self._send(request, principal, source_ip)

        client.meta.events.register("before-send", send)
        return client

    def _send(
        self, request: AWSPreparedRequest, principal: Principal, source_ip: str
    ) -> AWSResponse:
        if self.application is None:
            raise RuntimeError("the sandbox is not put together yet")
        environ = _environ(request)
        environ[INTERNAL] = principal
        environ[SOURCE_IP] = source_ip
        chunks, status, headers = run_wsgi_app(self.application, environ)
        body = b"".join(chunks)
        code = int(status.split(" ", 1)[0])
        return AWSResponse(request.url, code, cast("Any", dict(headers)), _Body(body))


class _Body(io.BytesIO):
    """A body as urllib3 gives it: botocore reads it by `stream`."""

    def stream(self, amount: int = 65_536, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    parts = urlsplit(request.url)
    body: Any = request.body
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    builder = EnvironBuilder(
        method=request.method,
        path=parts.path,
        query_string=parts.query,
        base_url=_ENDPOINT,
        headers=[
            (name, _text(value))
            for name, value in request.headers.items()
            if name.lower() != "transfer-encoding"
        ],
        data=bytes(body or b""),
    )
    environ = builder.get_environ()
    # moto refuses a PUT without a body that does not say so.
    environ["CONTENT_LENGTH"] = environ.get("CONTENT_LENGTH") or "0"
    environ["RAW_URI"] = parts.path + (f"?{parts.query}" if parts.query else "")
    return environ


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
