"""`{{ Parameter }}`, `{{ step.Output }}` and `{{ global:REGION }}` in a document.

Source: Systems Manager User Guide, "Automation system variables".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_NAME = r"\{\{\s*(?P<name>[\w:.\-]+)\s*\}\}"
_ANYWHERE = re.compile(_NAME)


class UnknownVariable(Exception):
    """A document names what is not there."""


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """`value` with every variable in its texts replaced.

    A text that is nothing but a variable becomes its value, whatever type that has.
    """
    if isinstance(value, str):
        return _filled_text(value, known)
    if isinstance(value, Mapping):
        return {key: filled(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, known) for item in value]
    return value


def _filled_text(text: str, known: Mapping[str, Any]) -> Any:
    whole = _ANYWHERE.fullmatch(text.strip())
    if whole:
        return _value(whole["name"], known)
    return _ANYWHERE.sub(lambda found: as_text(_value(found["name"], known)), text)


def _value(name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise UnknownVariable(f"The variable {{{{ {name} }}}} has no value.")
    return known[name]


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def as_texts(value: Any) -> list[str]:
    """As outputs and parameters are shown: always a list of texts."""
    listed = value if isinstance(value, list) else [value]
    return [as_text(item) for item in listed]
