"""Variables of CloudWatch dashboards, which change the body's text. Pure.

A property variable changes a property wherever it stands: a dimension's value, the
region, the account. A pattern variable changes a piece of text wherever it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from apps.monitoring.dashboards.layouts import ALL, Json, Variable
from apps.monitoring.dashboards.metric_arrays import NotImported

_PLACES = {"region": "region", "accountId": "account"}
_SCHEMA = re.compile(r"\s*\{([^{}]*)\}.*", re.DOTALL)
_SPECIAL = re.compile(r"[.^$*+?()\[\]{}|\\]")
_ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
_MOST_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Replacing:
    """What stands for variables in widgets: texts, and properties by their name."""

    texts: tuple[tuple[str, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    def in_widget(self, widget: Json) -> dict[str, Any]:
        """The widget with `${name}` wherever a pattern finds its text."""
        return dict(self._value(dict(widget), 0))

    def in_panel(self, panel: dict[str, Any]) -> dict[str, Any]:
        """The panel with `${name}` wherever a property has a variable."""
        for line in panel.get("chart", {}).get("lines", ()):
            for name, variable in self.properties:
                _set_property(line, name, "${" + variable + "}")
        return panel

    def _value(self, value: Any, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise NotImported("a widget that is nested too deeply")
        if isinstance(value, str):
            for text, use in self.texts:
                value = value.replace(text, use)
            return value
        if isinstance(value, list):
            return [self._value(one, depth + 1) for one in value]
        if isinstance(value, dict):
            return {name: self._value(one, depth + 1) for name, one in value.items()}
        return value


def variables_of(listed: object) -> tuple[list[Variable], Replacing, list[str]]:
    """The variables, what they replace, and those that cannot be taken over."""
    variables: list[Variable] = []
    texts, properties, problems = [], [], []
    for at, one in enumerate(listed if isinstance(listed, list) else []):
        try:
            variable, uses = _variable(one, {known.name for known in variables})
        except NotImported as error:
            problems.append(f"variables[{at}] is not imported: {error}.")
            continue
        variables.append(variable)
        if one.get("type") == "pattern":
            texts.append((uses, "${" + variable.name + "}"))
        else:
            properties.append((uses, variable.name))
    return variables, Replacing(tuple(texts), tuple(properties)), problems


def _variable(one: object, taken: set[str]) -> tuple[Variable, str]:
    """A variable, and the property or text that it replaces."""
    if not isinstance(one, dict):
        raise NotImported("it is not an object")
    is_pattern = one.get("type") == "pattern"
    uses = str(one.get("pattern" if is_pattern else "property") or "")
    if not uses:
        raise NotImported("it says neither a property nor a pattern")
    if is_pattern:
        uses = _literal(uses)
    name = _name(str(one.get("id") or uses), taken)
    label = one.get("label", "")
    label = label[:200] if isinstance(label, str) else ""
    default = _default(one)
    if kind := _place(one, uses):
        return Variable(name, kind, label, default=default), uses  # type: ignore[arg-type]
    values = _values(one)
    if values:
        first = values[0] if default == ALL and uses else default
        return Variable(name, "list", label, values=values, default=first), uses
    namespace, dimension = _populated(one, uses)
    return Variable(name, "dimension", label, namespace, dimension, (), default), uses


def _place(one: Json, uses: str) -> str:
    """`account` or `region` where the variable is about them."""
    if one.get("type") == "property":
        return _PLACES.get(uses, "")
    kept = re.fullmatch(r"\$\{(account|region)\}", uses)
    return kept[1] if kept and not one.get("search") else ""


def _default(one: Json) -> str:
    default = one.get("defaultValue")
    if not isinstance(default, str) or default == "__FIRST":
        return ALL
    return default[:1_024] or ALL


def _literal(pattern: str) -> str:
    """The text that a pattern finds. Raises NotImported for more than one text."""
    if _SPECIAL.search(_ESCAPED.sub("", pattern)):
        raise NotImported("its pattern is a regular expression")
    return _ESCAPED.sub(r"\1", pattern)


def _name(text: str, taken: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")[:36]
    name = plain if re.match(r"[a-z]", plain) else f"v_{plain}"
    choices = (name, *(f"{name}_{at}" for at in range(2, 100)))
    return next(choice for choice in choices if choice not in taken)


def _values(one: Json) -> tuple[str, ...]:
    listed = one.get("values")
    values = [
        entry.get("value")
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, dict)
    ]
    kept = [value for value in values if isinstance(value, str) and value != ALL]
    return tuple(dict.fromkeys(filter(None, kept)))


def _populated(one: Json, uses: str) -> tuple[str, str]:
    """Namespace and dimension whose values fill the variable."""
    schema = _SCHEMA.fullmatch(str(one.get("search") or "")[:2_000])
    parts = re.findall(r'"[^"]*"|[^,"]+', schema[1]) if schema else []
    namespace = parts[0].strip().strip('"') if parts else ""
    dimension = str(one.get("populateFrom") or uses)
    if not namespace:
        raise NotImported("it lists no values and searches no namespace")
    return namespace, dimension


def _set_property(line: dict[str, Any], name: str, use: str) -> None:
    if name in _PLACES and "expression" not in line:
        line[_PLACES[name]] = use
    if name in line.get("dimensions", {}):
        line["dimensions"][name] = use
