"""What an automation is started with, held against what its document declares."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.kernel.errors import ApiError

Given = Mapping[str, Sequence[str]]


def read(document: Mapping[str, Any], given: Given) -> dict[str, Any]:
    """Each parameter's value in its declared type.

    Raises InvalidAutomationExecutionParametersException.
    """
    declared = document.get("parameters") or {}
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise _refused(
            f"Parameter {unknown[0]} is not declared in the document, or has no value."
        )
    return {name: _one(name, how, given) for name, how in declared.items()}


def _one(name: str, declared: Mapping[str, Any], given: Given) -> Any:
    if name not in given:
        if "default" not in declared:
            raise _refused(f"Parameter {name} is required and has no value.")
        return declared["default"]
    texts = list(given[name])
    for text in texts:
        _check(name, text, declared)
    return _typed(name, texts, declared["type"])


def _check(name: str, text: str, declared: Mapping[str, Any]) -> None:
    allowed = declared.get("allowedValues")
    if allowed and text not in [_as_given(value) for value in allowed]:
        raise _refused(f"Parameter {name} has the value {text}, which is not allowed.")
    pattern = declared.get("allowedPattern")
    if pattern and not re.fullmatch(pattern, text):
        raise _refused(f"Parameter {name} does not fit the pattern {pattern}.")


def _as_given(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _typed(name: str, texts: list[str], kind: str) -> Any:
    if kind == "StringList" or kind.startswith("List<"):
        return texts
    text = texts[0] if texts else ""
    try:
        if kind == "Boolean":
            return _BOOLEANS[text.lower()]
        if kind == "Integer":
            return int(text)
        if kind in {"StringMap", "MapList"}:
            return json.loads(text)
    except (KeyError, ValueError) as error:
        raise _refused(f"Parameter {name} is not of the type {kind}.") from error
    return text


_BOOLEANS = {"true": True, "false": False}


def _refused(said: str) -> ApiError:
    return ApiError("InvalidAutomationExecutionParametersException", said)
