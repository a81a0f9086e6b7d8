"""How a cluster is spoken to: TLS, basic authentication, AWS signatures, errors.

The server here records what it is sent. Its answers are those OpenSearch 3.4 gave to
the same requests.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.discovery.aws import request_signer
from apps.search.engines.base import EngineUnavailable, QueryTooBroad
from apps.search.engines.opensearch.cluster import Address, Cluster

EMPTY = {
    "took": 1,
    "timed_out": False,
    "_shards": {"total": 0, "successful": 0, "skipped": 0, "failed": 0},
    "hits": {"total": {"value": 0, "relation": "eq"}, "max_score": 0.0, "hits": []},
}


@dataclass
class Recorded:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    url: str = ""
    status: int = 200
    answer: Any = field(default_factory=lambda: EMPTY)
    requests: list[Recorded] = field(default_factory=list)


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    """A server on loopback, with TLS where it has a certificate."""
    state = Server()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{listener.server_port}"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
        state.url = state.url.replace("http://", "https://")
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield state
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as state:
        yield state


def _handler(state: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append(Recorded(self.command, self.path, headers, body))
            payload = json.dumps(state.answer).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    return Handler


def a_certificate(path: Path) -> Path:
    """A certificate of its own authority for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def search(cluster: Cluster) -> Any:
    return cluster.search(["x-*"], {"size": 0}, 1.0)


def test_a_user_in_the_url_is_shown_to_the_cluster(server: Server) -> None:
    host = server.url.removeprefix("http://")
    search(Cluster(Address((f"http://ann:p%40ss@{host}",))))

    scheme, _, given = server.requests[0].headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(given)) == ("Basic", b"ann:p@ss")


def test_a_certificate_is_checked_with_the_authorities_that_were_named(
    tmp_path: Path,
) -> None:
    certificate = a_certificate(tmp_path / "server.pem")
    other = a_certificate(tmp_path / "other.pem")

    with serving(certificate) as server:
        assert search(Cluster(Address((server.url,), str(certificate)))) == EMPTY
        for authority in (str(other), None):
            with pytest.raises(EngineUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
                search(Cluster(Address((server.url,), authority)))


@pytest.mark.parametrize("service", ["es", "aoss"])
def test_requests_are_signed_for_the_service_of_aws(
    server: Server, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    search(Cluster(Address((server.url,), sign=request_signer(service))))

    (received,) = server.requests
    assert f"/eu-west-1/{service}/aws4_request" in received.headers["authorization"]
    assert received.headers["authorization"] == signature_of(received, server, service)


def signature_of(received: Recorded, server: Server, service: str) -> str:
    """What AWS computes from the same request, with botocore's signer."""
    path, _, query = received.path.partition("?")
    signed = received.headers["authorization"].split("SignedHeaders=")[1]
    names = signed.split(",")[0].split(";")
    request = AWSRequest(
        "POST",
        f"{server.url}{path}?{query}",
        data=received.body,
        headers={
            name: received.headers[name] for name in names if name != "x-amz-date"
        },
    )
    request.context["timestamp"] = received.headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIAEXAMPLE", "secret"), service, "eu-west-1")
    canonical = signer.canonical_request(_dated(request, received))
    text = signer.string_to_sign(request, canonical)
    value = signer.signature(text, request)
    scope = signer.scope(request)
    return (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={value}"
    )


def _dated(request: AWSRequest, received: Recorded) -> AWSRequest:
    request.headers["X-Amz-Date"] = received.headers["x-amz-date"]
    return request


def test_without_credentials_it_is_said_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(EngineUnavailable, match="AWS_REGION"):
        request_signer("es")


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "refuses us"), (403, "refuses us"), (429, "429"), (500, "500")],
)
def test_an_answer_that_is_none_is_said_in_a_sentence(
    server: Server, status: int, said: str
) -> None:
    server.status = status
    server.answer = {"error": {"type": "x", "reason": "no"}, "status": status}

    with pytest.raises(EngineUnavailable, match=said):
        search(Cluster(Address((server.url,))))


def test_too_many_buckets_are_the_questions_fault(server: Server) -> None:
    server.status = 503
    server.answer = {
        "error": {
            "root_cause": [],
            "type": "search_phase_execution_exception",
            "reason": "",
            "caused_by": {
                "type": "too_many_buckets_exception",
                "reason": "Trying to create too many buckets. Must be less than or "
                "equal to: [65535] but was [65536].",
            },
        },
        "status": 503,
    }

    with pytest.raises(QueryTooBroad, match="longer interval"):
        search(Cluster(Address((server.url,))))


def test_a_node_that_is_gone_is_passed_over(server: Server) -> None:
    cluster = Cluster(Address(("http://127.0.0.1:9", server.url)))

    assert [search(cluster) for _ in range(3)] == [EMPTY] * 3
