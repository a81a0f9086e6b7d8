"""The sandbox's own interface: health and faults, under `/_sandbox/`."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import orjson

from sandbox.kernel.application import CONTROL, json_answer
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.faults import Fault, FaultKind
from sandbox.kernel.protocols import Wire

_SETTABLE = {field.name for field in fields(Fault)} - {"id", "struck"}


class Control:
    """Answers requests to the sandbox itself."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, method: str, path: str, body: bytes) -> Wire:
        what = path.removeprefix(CONTROL)
        if what == "health":
            return json_answer(200, {"status": "ok"})
        if what.split("/")[0] == "faults":
            return self._faults(method, what.partition("/")[2], body)
        return json_answer(404, {"error": f"There is no {path}."})

    def _faults(self, method: str, fault_id: str, body: bytes) -> Wire:
        faults = self._cloud.faults
        if method == "DELETE" and fault_id:
            if fault_id.isdigit() and faults.remove(int(fault_id)):
                return json_answer(200, {})
            return json_answer(404, {"error": f"There is no fault {fault_id}."})
        if method == "DELETE":
            faults.clear()
            return json_answer(200, {})
        if method == "POST":
            return self._add(body)
        return json_answer(200, [asdict(fault) for fault in faults.in_force()])

    def _add(self, body: bytes) -> Wire:
        try:
            fault = _fault(orjson.loads(body), self._cloud.clock.now())
        except (ValueError, TypeError) as error:
            return json_answer(400, {"error": str(error)})
        return json_answer(200, asdict(self._cloud.faults.add(fault)))


def _fault(wanted: Any, now: float) -> Fault:
    if not isinstance(wanted, dict):
        raise TypeError('A fault is an object such as {"kind": "throttle"}.')
    lasts = wanted.pop("for_seconds", None)
    unknown = sorted(set(wanted) - _SETTABLE)
    if unknown:
        raise ValueError(f"A fault has no {', '.join(unknown)}.")
    kinds = [kind.value for kind in FaultKind]
    if wanted.get("kind") not in kinds:
        raise ValueError(f"`kind` is one of {', '.join(kinds)}.")
    fault = Fault(**{**wanted, "kind": FaultKind(wanted["kind"])})
    if lasts is not None:
        fault.until = now + float(lasts)
    return fault
