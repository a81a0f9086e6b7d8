"""Serves an application on loopback, one thread a connection."""

from __future__ import annotations

import threading
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server


class _Quiet(MotoRequestHandler):
    """Says nothing of each request: CloudTrail does."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return None


class Server:
    """HTTP on 127.0.0.1; port 0 takes a free one."""

    def __init__(self, application: Any, port: int = 0) -> None:
        self._server = make_server(
            "127.0.0.1", port, application, threaded=True, request_handler=_Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
