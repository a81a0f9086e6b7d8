"""Servers on loopback that take notices as the real ones document."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Taken:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Said:
    """An answer that was prepared."""

    status: int
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


class HttpReceiver:
    """Takes every call. `answers` are given first, in order; then what `answer`
    says, which a receiver of a kind overrides."""

    def __init__(self) -> None:
        self.answers: list[Said] = []
        self.calls: list[Taken] = []
        self.url = ""
        self.ends = threading.Event()

    def answer(self, taken: Taken) -> Said:
        return Said(200)

    def take(self, taken: Taken) -> Said:
        self.calls.append(taken)
        return self.answers.pop(0) if self.answers else self.answer(taken)


@contextmanager
def serving(receiver: HttpReceiver) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            taken = Taken(self.command, self.path, dict(self.headers), body)
            said = receiver.take(taken)
            if said.hangs:
                receiver.ends.wait(20)
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        do_POST = do_GET = do_PUT = _take  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield
    finally:
        receiver.ends.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Mailed:
    sender: str
    to: list[str]
    message: EmailMessage


class MailReceiver:
    """An SMTP server. `replies` are given to DATA first, `unknown` are addresses that
    it has no mailbox for."""

    def __init__(self) -> None:
        self.mails: list[Mailed] = []
        self.replies: list[str] = []
        self.unknown: set[str] = set()
        self.tries = 0

    async def handle_RCPT(  # noqa: N802 - the interface of aiosmtpd
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if address in self.unknown:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.tries += 1
        if self.replies:
            return self.replies.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        to = [str(one) for one in envelope.rcpt_tos]
        self.mails.append(Mailed(str(envelope.mail_from), to, message))
        return "250 2.0.0 Ok: queued as 4F2"


class _Controller(Controller):
    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mailing(receiver: MailReceiver) -> Iterator[int]:
    """The port of a running SMTP server."""
    controller = _Controller(receiver, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
