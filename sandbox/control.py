"""The sandbox's own interface, under `/_sandbox/`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import orjson

from sandbox.kernel.application import CONTROL, json_answer
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.faults import Fault, FaultKind
from sandbox.kernel.protocols import Wire

log = logging.getLogger(__name__)

_SETTABLE = {field.name for field in fields(Fault)} - {"id", "struck"}
_BAD_REQUEST, _NOT_FOUND, _FAILED = 400, 404, 500
_TEXTS = frozenset({"kind", "where", "account"})
_DAY_SECONDS = 86_400
_RANGES = {
    "probability": (0, 1),
    "seconds": (0, _DAY_SECONDS),
    "for_seconds": (0, _DAY_SECONDS),
    "until": (0, 2**40),
    "after": (0, 10**9),
    "count": (0, 10**9),
}


class Refused(Exception):
    """A request that cannot be done as it stands; the message says why."""

    def __init__(self, message: str, status: int = _BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


Route = Callable[[str, str, Any], Any]
"""Takes the method, what follows the name in the path, and the parsed body; answers
with JSON. Raises Refused."""


class Control:
    """Answers requests to the sandbox itself."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._routes: dict[str, Route] = {
            "health": lambda method, rest, body: {"status": "ok"},
            "faults": self._faults,
        }

    def add(self, name: str, route: Route) -> None:
        self._routes[name] = route

    def __call__(self, method: str, path: str, body: bytes) -> Wire:
        name, _, rest = path.removeprefix(CONTROL).partition("/")
        route = self._routes.get(name, _none)
        try:
            answer = route(method, rest, _parsed(body))
        except Refused as error:
            return json_answer(error.status, {"error": str(error)})
        except Exception as error:
            log.exception("%s %s failed", method, path)
            return json_answer(_FAILED, {"error": f"The sandbox failed: {error}"})
        return json_answer(200, answer)

    def _faults(self, method: str, fault_id: str, body: Any) -> Any:
        faults = self._cloud.faults
        if method == "POST":
            return asdict(faults.add(_fault(body, self._cloud.clock.now())))
        if method == "DELETE" and not fault_id:
            faults.clear()
        elif method == "DELETE" and not (
            fault_id.isdigit() and faults.remove(int(fault_id))
        ):
            raise Refused(f"There is no fault {fault_id}.", _NOT_FOUND)
        return [asdict(fault) for fault in faults.in_force()]


def _none(method: str, rest: str, body: Any) -> Any:
    raise Refused("The sandbox has nothing of this name.", _NOT_FOUND)


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body or b"{}")
    except ValueError as error:
        raise Refused(f"The body is no JSON: {error}") from error


def _fault(wanted: Any, now: float) -> Fault:
    if not isinstance(wanted, dict):
        raise Refused('A fault is an object such as {"kind": "throttle"}.')
    lasts = wanted.pop("for_seconds", None)
    unknown = sorted(set(wanted) - _SETTABLE)
    if unknown:
        raise Refused(f"A fault has no {', '.join(unknown)}.")
    kinds = [kind.value for kind in FaultKind]
    if wanted.get("kind") not in kinds:
        raise Refused(f"`kind` is one of {', '.join(kinds)}.")
    for name, value in wanted.items():
        _check(name, value)
    fault = Fault(**{**wanted, "kind": FaultKind(wanted["kind"])})
    if lasts is not None:
        _check("for_seconds", lasts)
        fault.until = now + lasts
    return fault


def _check(name: str, value: Any) -> None:
    if name in _TEXTS and isinstance(value, str):
        return
    least, most = _RANGES.get(name, (0, 0))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in _TEXTS or not (is_number and least <= value <= most):
        wanted = "text" if name in _TEXTS else f"a number from {least} to {most}"
        raise Refused(f"`{name}` is {wanted}.")
