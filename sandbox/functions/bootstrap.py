"""Runs one function once, as Lambda's runtime does: `python -I bootstrap.py`.

What to run comes as JSON on standard input; what it answers goes to a file, because
everything the function prints is its log.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """What a handler gets besides its event."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.function_name = given["function_name"]
        self.function_version = given["function_version"]
        self.invoked_function_arn = given["invoked_function_arn"]
        self.memory_limit_in_mb = given["memory_limit_in_mb"]
        self.aws_request_id = given["aws_request_id"]
        self.log_group_name = given["log_group_name"]
        self.log_stream_name = given["log_stream_name"]
        self._end = time.monotonic() + given["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        return max(int((self._end - time.monotonic()) * 1_000), 0)


def main() -> None:
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["code"])
    try:
        answer = _handler(asked["handler"])(asked["event"], Context(asked["context"]))
        written = json.dumps({"answer": _marshalled(answer)})
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
        described = _described(error, asked)
        print(_line(described))  # noqa: T201 - this is the function's log
        written = json.dumps({"error": described})
    Path(asked["result"]).write_text(written)


class NotRunnable(Exception):
    """An error of the runtime's own, by its name there."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = f"Runtime.{kind}"


def _handler(written: str) -> Any:
    module, _, name = written.rpartition(".")
    try:
        found = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        said = f"Unable to import module '{module}': {error}"
        raise NotRunnable("ImportModuleError", said) from error
    if not hasattr(found, name):
        said = f"Handler '{name}' missing on module '{module}'"
        raise NotRunnable("HandlerNotFound", said)
    return getattr(found, name)


def _marshalled(answer: Any) -> str:
    try:
        return json.dumps(answer)
    except TypeError as error:
        said = f"Unable to marshal response: {error}"
        raise NotRunnable("MarshalError", said) from error


def _line(described: dict[str, Any]) -> str:
    """One line of the log, as the runtime writes it: its lines are parted by `\\r`."""
    said = f"[ERROR] {described['errorType']}: {described['errorMessage']}"
    if not described["stackTrace"]:
        return said
    frames = "".join(described["stackTrace"]).rstrip("\n").replace("\n", "\r")
    return f"{said}\rTraceback (most recent call last):\r{frames}"


def _described(error: Exception, asked: dict[str, Any]) -> dict[str, Any]:
    """Source: Lambda Developer Guide, "Python function errors and exceptions"."""
    is_ours = isinstance(error, NotRunnable)
    frames = [] if is_ours else traceback.format_tb(error.__traceback__)[1:]
    return {
        "errorMessage": str(error),
        "errorType": getattr(error, "kind", "") if is_ours else type(error).__name__,
        "requestId": asked["context"]["aws_request_id"],
        "stackTrace": frames,
    }


if __name__ == "__main__":
    main()
