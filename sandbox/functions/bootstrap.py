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
        module, _, name = asked["handler"].rpartition(".")
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
        answer = handler(asked["event"], Context(asked["context"]))
        written = json.dumps({"answer": json.dumps(answer)})
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
        traceback.print_exc()
        written = json.dumps({"error": _described(error, asked)})
    Path(asked["result"]).write_text(written)


def _described(error: Exception, asked: dict[str, Any]) -> dict[str, Any]:
    """Source: Lambda Developer Guide, "Python function errors and exceptions"."""
    frames = traceback.format_tb(error.__traceback__)[1:]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": asked["context"]["aws_request_id"],
        "stackTrace": frames,
    }


if __name__ == "__main__":
    main()
