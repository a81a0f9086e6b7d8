"""`python -m sandbox`: serve the sandbox, or change one that runs."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from sandbox.kernel.faults import FaultKind
from sandbox.kernel.names import DEFAULT_PORT, NAMES

_LAST_PORT = 65_535
_ADDRESS = f"http://127.0.0.1:{DEFAULT_PORT}"


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    code: int = asked.run(asked)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.set_defaults(run=_serve)
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT)
    parser.add_argument(
        "--rate", type=float, default=0.6, help="mean requests a second (0.6)"
    )
    parser.add_argument(
        "--child",
        action="store_true",
        help="end when standard input is closed, as whoever started it ends",
    )
    commands = parser.add_subparsers()
    _add(commands, "fault", _fault, "make calls or deliveries fail")
    _add(commands, "incident", _incident, "give the shop a bad day")
    _add(commands, "rate", _rate, "change the shop's traffic")
    _add(commands, "env", _env, "how the AWS CLI reaches the sandbox")
    return parser


def _add(commands: Any, name: str, run: Any, says: str) -> None:
    parser = commands.add_parser(name, help=says)
    parser.set_defaults(run=run)
    parser.add_argument("--url", default=_ADDRESS, help="where the sandbox is")
    if name == "fault":
        kinds = [kind.value for kind in FaultKind]
        parser.add_argument("kind", nargs="?", choices=[*kinds, "clear"])
        parser.add_argument("--where", default="*", help="logs.FilterLogEvents, logs.*")
        parser.add_argument("--account", default="*")
        parser.add_argument("--probability", type=float, default=1.0)
        parser.add_argument("--seconds", type=float, default=1.0, help="how late")
        parser.add_argument(
            "--after", type=int, default=0, help="spare the first calls"
        )
        parser.add_argument("--count", type=int, help="how many times at most")
        parser.add_argument("--for-seconds", type=float, help="how long")
    if name == "incident":
        parser.add_argument("name", nargs="?", help="without one: what there is")
        parser.add_argument("--end", action="store_true")
    if name == "env":
        parser.add_argument("account", nargs="?", choices=list(NAMES), default="shop")
    if name == "rate":
        parser.add_argument("per_second", nargs="?", type=float)


def _serve(asked: argparse.Namespace) -> int:
    # Half a second of imports that the other commands do not need.
    from sandbox.running import Running  # noqa: PLC0415

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    if asked.child:
        threading.Thread(target=_wait_for_end_of_input, daemon=True).start()
    # An interrupt ends it wherever it is: all it has is in this folder.
    with (
        tempfile.TemporaryDirectory(
            prefix="trailmap-sandbox-", ignore_cleanup_errors=True
        ) as home,
        contextlib.suppress(KeyboardInterrupt),
    ):
        running = Running(Path(home), asked.port, asked.rate)
        running.start(lambda said: print(said, file=sys.stderr, flush=True))
        print(json.dumps(running.described()), flush=True)
        threading.Event().wait()
    # Queries that still run would hold the process; there is nothing to lose.
    os._exit(0)


def _wait_for_end_of_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGINT)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{port} is no port: 0 to {_LAST_PORT}")
    return port


def _fault(asked: argparse.Namespace) -> int:
    if asked.kind is None:
        return _show(asked.url, "GET", "faults")
    if asked.kind == "clear":
        return _show(asked.url, "DELETE", "faults")
    names = ("kind", "where", "account", "probability", "seconds", "after", "count")
    wanted = {name: getattr(asked, name) for name in (*names, "for_seconds")}
    said = {name: value for name, value in wanted.items() if value is not None}
    return _show(asked.url, "POST", "faults", said)


def _incident(asked: argparse.Namespace) -> int:
    if asked.name is None:
        return _show(asked.url, "GET", "incidents")
    method = "DELETE" if asked.end else "POST"
    return _show(asked.url, method, f"incidents/{asked.name}")


def _rate(asked: argparse.Namespace) -> int:
    if asked.per_second is None:
        return _show(asked.url, "GET", "rate")
    return _show(asked.url, "POST", "rate", {"per_second": asked.per_second})


def _env(asked: argparse.Namespace) -> int:
    code, answer = _ask(asked.url, "GET", f"environment/{NAMES[asked.account]}")
    if code:
        return code
    for name, value in answer.items():
        print(f"export {name}={value}")
    return 0


def _show(url: str, method: str, path: str, body: Any = None) -> int:
    code, answer = _ask(url, method, path, body)
    if code == 0:
        print(_table(answer))
    return code


def _table(answer: Any) -> str:
    if not isinstance(answer, list):
        return json.dumps(answer)
    if answer and "says" in answer[0]:
        return "\n".join(
            f"{'ON ' if row['running'] else '   '}{row['name']:<22}{row['says']}"
            for row in answer
        )
    return "\n".join(json.dumps(row) for row in answer) or "None."


def _ask(url: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the address of a sandbox
        f"{url}/_sandbox/{path}", data=data, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return 0, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        print(_reason(error, url), file=sys.stderr)
        return 1, None
    except ValueError:
        print(f"What answers at {url} is no sandbox.", file=sys.stderr)
        return 1, None
    except OSError as error:
        print(f"No sandbox answers at {url}: {error}", file=sys.stderr)
        return 1, None


def _reason(error: urllib.error.HTTPError, url: str) -> str:
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, KeyError):
        return f"What answers at {url} is no sandbox."


if __name__ == "__main__":
    sys.exit(main())
