"""Runs a function's code in a process of its own.

The code is its author's, on the author's machine: nothing confines it beyond the time
limit and an environment without this process's variables.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


@dataclass(frozen=True, slots=True)
class Function:
    """What is needed to run a version of a function once."""

    name: str
    arn: str
    version: str
    handler: str
    code: bytes
    timeout_seconds: int
    memory: int
    variables: Mapping[str, str]

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"


@dataclass(frozen=True, slots=True)
class Ran:
    """How it ended: what it answered, as JSON, and what it printed."""

    payload: bytes
    is_error: bool
    printed: str
    milliseconds: float
    is_late: bool = False


def run(function: Function, payload: bytes, request_id: str, home: Path) -> Ran:
    """Run a function on an event, which is JSON."""
    home.mkdir(parents=True, exist_ok=True)
    result = home / f"{request_id}.json"
    asked = _asked(function, payload, request_id, home, result)
    began = time.perf_counter()
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter that runs us
            [sys.executable, "-I", "-u", str(_BOOTSTRAP)],
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(function),
            cwd=asked["code"],
            timeout=function.timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        result.unlink(missing_ok=True)
        printed = (late.stdout or b"").decode(errors="replace")
        return _out_of_time(function, request_id, printed)
    milliseconds = (time.perf_counter() - began) * 1_000
    printed = done.stdout.decode(errors="replace")
    answer, is_error = _answer(result, request_id, done.returncode)
    return Ran(answer, is_error, printed, milliseconds)


def _asked(
    function: Function, payload: bytes, request_id: str, home: Path, result: Path
) -> dict[str, Any]:
    return {
        "event": json.loads(payload or b"{}"),
        "handler": function.handler,
        "code": str(_unpacked(function.code, home)),
        "result": str(result),
        "context": {
            "function_name": function.name,
            "function_version": function.version,
            "invoked_function_arn": function.arn,
            "memory_limit_in_mb": str(function.memory),
            "aws_request_id": request_id,
            "log_group_name": function.log_group,
            "log_stream_name": function.version,
            "timeout": function.timeout_seconds,
        },
    }


def _unpacked(code: bytes, home: Path) -> Path:
    """The folder of this code; the same code is unpacked once."""
    folder = home / hashlib.sha256(code).hexdigest()
    if not folder.exists():
        fresh = home / f"{folder.name}.{time.perf_counter_ns()}"
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            archive.extractall(fresh)
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.exists():  # nobody else was faster
                raise
    return folder


def _environment(function: Function) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "PYTHONDONTWRITEBYTECODE": "1",
        **function.variables,
    }


def _answer(result: Path, request_id: str, exit_code: int) -> tuple[bytes, bool]:
    if not result.exists():
        said = f"RequestId: {request_id} Error: Runtime exited with error: exit status {exit_code}"  # noqa: E501
        return _error("Runtime.ExitError", said), True
    found = json.loads(result.read_text())
    result.unlink()
    if "error" in found:
        return json.dumps(found["error"]).encode(), True
    return str(found["answer"]).encode(), False


def _out_of_time(function: Function, request_id: str, printed: str) -> Ran:
    seconds = function.timeout_seconds
    said = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    payload = _error("Sandbox.Timedout", said)
    return Ran(payload, True, printed, seconds * 1_000.0, is_late=True)  # noqa: FBT003


def _error(kind: str, said: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": said}).encode()
