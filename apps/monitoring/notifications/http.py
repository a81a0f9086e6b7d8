"""The one door for calls to addresses that people enter.

HTTPS only, no redirects, no proxies of the environment; the name is looked up here and
the connection made to the very address that was checked, so that a name which answers
differently a moment later gains nothing. What is answered is read up to a limit, and
never shown.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, SSLError

from apps.monitoring.notifications.addresses import is_loopback, may_reach

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 10.0
_ANSWER_SECONDS = 15.0
_ANSWER_BYTES = 256 << 10
_A_PART = 16 << 10
_MOST_URL = 2_000


class AddressRefused(Exception):
    """The address is not one that may be called; the message says why."""


class NoAnswer(Exception):
    """Nobody answered, or not in time; the message says where."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is for programs: parts of it are never shown."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """What was answered; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Request:
    """`url` may hold secrets: it is not part of any message."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"Request({self.method} {host_of(self.url)})"


def host_of(url: str) -> str:
    return urlsplit(url).hostname or "the address"


def check_url(url: str) -> None:
    """Raises AddressRefused for what is refused without looking its name up."""
    _place(url)


def call(request: Request) -> Answer:
    """Raises AddressRefused, NoAnswer."""
    scheme, host, port = _place(request.url)
    address = _looked_up(scheme, host, port)
    pool = _pool(scheme, host, address, port)
    try:
        return _answered(pool, request, host)
    except SSLError:
        raise NoAnswer(f"The certificate of {host} cannot be trusted.") from None
    except (HTTPError, OSError) as error:
        # Its text would hold the path, which may be a secret.
        raise NoAnswer(f"No answer from {host}: {type(error).__name__}.") from None
    finally:
        pool.close()


def _place(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises AddressRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("This is no URL.") from None
    if len(url) > _MOST_URL or any(not 0x20 < ord(one) < 0x7F for one in url):  # noqa: PLR2004
        raise AddressRefused("This is no URL.")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise AddressRefused("An address begins with https://")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("An address names no user and no password.")
    if parts.scheme == "http" and not settings.NOTIFY_NETWORKS:
        raise AddressRefused("An address begins with https://")
    return parts.scheme, parts.hostname, port or _port_of(parts.scheme)


def _port_of(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _looked_up(scheme: str, host: str, port: int) -> str:
    """An address of the host that may be called. Raises AddressRefused, NoAnswer."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAnswer(f"The name {host} is not known.") from None
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        # One address inwards among good ones is reason enough not to trust a name.
        if not may_reach(address, settings.NOTIFY_NETWORKS):
            raise AddressRefused(
                f"{host} is not an address of the internet. NOTIFY_NETWORKS says which "
                "networks of yours may be called."
            )
    _check_way(scheme, host, port, addresses[0])
    return addresses[0]


def _check_way(scheme: str, host: str, port: int, address: str) -> None:
    if is_loopback(address):
        return
    if scheme != "https":
        raise AddressRefused(f"{host} is called by https:// only.")
    if port not in settings.NOTIFY_PORTS:
        known = ", ".join(map(str, settings.NOTIFY_PORTS))
        raise AddressRefused(
            f"Port {port} is not called, only {known}: see NOTIFY_PORTS."
        )


def _pool(scheme: str, host: str, address: str, port: int) -> HTTPConnectionPool:
    """Connections to this very address, with the certificate of the name."""
    timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
    if scheme == "http":
        return HTTPConnectionPool(address, port, timeout=timeout, retries=False)
    return HTTPSConnectionPool(
        address,
        port,
        timeout=timeout,
        retries=False,
        assert_hostname=host,
        server_hostname=host,
        cert_reqs="CERT_REQUIRED",
        ca_certs=settings.NOTIFY_CA_FILE,
    )


def _answered(pool: HTTPConnectionPool, request: Request, host: str) -> Answer:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"Host": parts.netloc, "User-Agent": "trailmap", **request.headers}
    response = pool.urlopen(
        request.method,
        target,
        body=request.body,
        headers=sent,
        redirect=False,
        retries=False,
        preload_content=False,
        decode_content=False,
    )
    try:
        return Answer(response.status, response.headers, _bounded(response, host))
    finally:
        response.close()


def _bounded(response: urllib3.BaseHTTPResponse, host: str) -> bytes:
    """The beginning of the body, within a time. Raises NoAnswer."""
    ends, read = time.monotonic() + _ANSWER_SECONDS, bytearray()
    while part := response.read(_A_PART):
        read += part
        if len(read) >= _ANSWER_BYTES:
            break
        if time.monotonic() > ends:
            raise NoAnswer(f"{host} did not finish its answer in time.")
    return bytes(read[:_ANSWER_BYTES])
