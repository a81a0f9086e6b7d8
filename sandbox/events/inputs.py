"""What a target gets of an event: all of it, a part, or text made from parts.

Source: EventBridge User Guide, "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.kernel import jsonpaths

_PART = re.compile(r"<(?P<name>[\w.-]+)>|\\.|\"|[^<\"\\]+|<", re.DOTALL)


def of(target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    """The text that is sent to a target."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        found = jsonpaths.find(target["InputPath"], event)
        return _json(None if found is jsonpaths.ABSENT else found)
    if target.get("InputTransformer"):
        return _transformed(target["InputTransformer"], event, rule_arn)
    return _json(event)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _transformed(
    transformer: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str
) -> str:
    values = {
        name: jsonpaths.find(path, event)
        for name, path in (transformer.get("InputPathsMap") or {}).items()
    }
    values["aws.events.rule-arn"] = rule_arn
    values["aws.events.rule-name"] = rule_arn.rsplit("/", 1)[-1]
    values["aws.events.event.ingestion-time"] = event.get("time", "")
    values["aws.events.event.json"] = event
    values["aws.events.event"] = {k: v for k, v in event.items() if k != "detail"}
    return _filled(transformer["InputTemplate"], values)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Inside quotes a value is text, outside it is JSON."""
    made, is_quoted = [], False
    for part in _PART.finditer(template):
        text = part[0]
        if text == '"':
            is_quoted = not is_quoted
        if part["name"] in values:
            text = _shown(values[part["name"]], inside_quotes=is_quoted)
        made.append(text)
    return "".join(made)


def _shown(value: Any, *, inside_quotes: bool) -> str:
    if value is jsonpaths.ABSENT:
        return ""
    if not inside_quotes:
        return _json(value)
    text = value if isinstance(value, str) else _json(value)
    return _json(text)[1:-1]
