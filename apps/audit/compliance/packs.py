"""Conformance packs: CloudFormation templates of AWS Config rules. Pure.

Parameters stand at their defaults, and Conditions are followed. What is no rule, such
as a remediation, is left out.
Source: AWS Config developer guide, "Conformance packs"; CloudFormation user guide,
intrinsic functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.audit.compliance.managed.catalog import BY_IDENTIFIER
from apps.audit.compliance.parameters import ParameterInvalid, check
from apps.audit.compliance.yamltext import YamlInvalid, read_yaml

_RULE = "AWS::Config::ConfigRule"
_MOST_RULES = 500
_DEEPEST = 20
_LONGEST = 140
_LONGEST_VALUE = 2_000
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:.]{1,200})\}")
_ABSENT = object()
_NO_VALUE = "AWS::NoValue"
# How many values Fn::If, and Fn::Equals and Fn::Join, are given.
_OF_IF, _PAIR = 3, 2


_JOINS: Mapping[str, Callable[[Iterable[bool]], bool]] = {
    "Fn::Not": lambda told: not all(told),
    "Fn::And": all,
    "Fn::Or": any,
}


class PackInvalid(ValueError):
    """A text is no conformance pack; says why and where."""


@dataclass(frozen=True, slots=True)
class PackedRule:
    """`problem` says why it is not evaluated here, "" where it is."""

    name: str
    identifier: str
    parameters: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PackRecord:
    rules: Sequence[PackedRule]

    @property
    def covered(self) -> int:
        return sum(not one.problem for one in self.rules)


def read_pack(text: str) -> PackRecord:
    """Raises PackInvalid."""
    try:
        template = read_yaml(text)
    except YamlInvalid as error:
        raise PackInvalid(str(error)) from None
    resources = template.get("Resources") if isinstance(template, Mapping) else None
    if not isinstance(resources, Mapping):
        raise PackInvalid("It has no Resources: it is no conformance pack.")
    values = _Values(template)
    rules = []
    for name, resource in resources.items():
        is_rule = isinstance(resource, Mapping) and resource.get("Type") == _RULE
        if is_rule and values.is_there(resource):
            rules.append(_rule(str(name), resource, values))
    if not rules:
        raise PackInvalid(f"It has no resource of type {_RULE}.")
    if len(rules) > _MOST_RULES:
        raise PackInvalid(f"It has more than {_MOST_RULES} rules.")
    return PackRecord(rules)


def _rule(logical: str, resource: Mapping[str, Any], values: _Values) -> PackedRule:
    told = values.of(resource.get("Properties"))
    properties = told if isinstance(told, Mapping) else {}
    source = properties.get("Source")
    source = source if isinstance(source, Mapping) else {}
    name = str(properties.get("ConfigRuleName") or logical)[:_LONGEST]
    identifier = str(source.get("SourceIdentifier") or "")[:_LONGEST]
    parameters = _texts(properties.get("InputParameters"))
    if source.get("Owner") != "AWS":
        owner = str(source.get("Owner") or "nobody")[:40]
        problem = f"Its code is its own ({owner}): AWS Config evaluates it."
        return PackedRule(name, "", parameters, problem)
    return PackedRule(name, identifier, parameters, _problem(identifier, parameters))


def _problem(identifier: str, parameters: Mapping[str, str]) -> str:
    known = BY_IDENTIFIER.get(identifier)
    if known is None:
        return f"{identifier or 'It'} is not evaluated here: AWS Config does."
    try:
        check(known.parameters, parameters)
    except ParameterInvalid as error:
        return str(error)[:300]
    return ""


def _texts(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    return {
        str(name)[:_LONGEST]: _said(value)[:_LONGEST_VALUE]
        for name, value in given.items()
        if value is not _ABSENT and value not in (None, "")
    }


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    return str(value)


class _Values:
    """Intrinsic functions of a template, with parameters at their defaults."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        given = template.get("Parameters")
        conditions = template.get("Conditions")
        self._parameters = given if isinstance(given, Mapping) else {}
        self._conditions = conditions if isinstance(conditions, Mapping) else {}

    def is_there(self, resource: Mapping[str, Any]) -> bool:
        named = resource.get("Condition")
        return named is None or self._holds({"Condition": named}, 0)

    def of(self, value: Any, depth: int = 0) -> Any:
        """What a value comes to; _ABSENT for what a template leaves out."""
        if depth > _DEEPEST:
            raise PackInvalid("Its functions are nested too deep.")
        if isinstance(value, list):
            found = [self.of(one, depth + 1) for one in value]
            return [one for one in found if one is not _ABSENT]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, inner = next(iter(value.items()))
            if name in ("Ref", "Fn::If", "Fn::Sub", "Fn::Join"):
                return self._function(name, inner, depth + 1)
        members = {name: self.of(one, depth + 1) for name, one in value.items()}
        return {name: one for name, one in members.items() if one is not _ABSENT}

    def _function(self, name: str, inner: Any, depth: int) -> Any:
        if name == "Ref":
            return self._ref(inner)
        if name == "Fn::If" and isinstance(inner, list) and len(inner) == _OF_IF:
            is_so = self._holds({"Condition": inner[0]}, depth)
            return self.of(inner[1] if is_so else inner[2], depth)
        if name == "Fn::Sub":
            text = inner[0] if isinstance(inner, list) and inner else inner
            return _VARIABLE.sub(lambda found: str(self._known(found[1])), str(text))
        if name == "Fn::Join" and isinstance(inner, list) and len(inner) == _PAIR:
            parts = self.of(inner[1], depth)
            listed = parts if isinstance(parts, list) else [parts]
            return str(inner[0]).join(str(one) for one in listed)
        raise PackInvalid(f"{name} is not written as CloudFormation asks.")

    def _ref(self, name: Any) -> Any:
        return _ABSENT if name == _NO_VALUE else self._known(name)

    def _known(self, name: Any) -> Any:
        """The default of a parameter; what has none is left empty."""
        told = self._parameters.get(name) if isinstance(name, str) else None
        return told.get("Default", "") if isinstance(told, Mapping) else ""

    def _holds(self, condition: Any, depth: int) -> bool:
        if depth > _DEEPEST:
            raise PackInvalid("Its conditions are nested too deep, or in a circle.")
        if not isinstance(condition, Mapping) or len(condition) != 1:
            raise PackInvalid("A condition is not written as CloudFormation asks.")
        name, inner = next(iter(condition.items()))
        if name == "Condition":
            told = self._conditions.get(inner) if isinstance(inner, str) else None
            if told is None:
                raise PackInvalid(f"There is no condition {str(inner)[:100]!r}.")
            return self._holds(told, depth + 1)
        parts = inner if isinstance(inner, list) else [inner]
        if name == "Fn::Equals" and len(parts) == _PAIR:
            one, other = (self.of(part, depth + 1) for part in parts)
            return str(one) == str(other)
        if name not in _JOINS:
            raise PackInvalid(f"{str(name)[:60]} is no condition that is known.")
        return _JOINS[name](self._holds(part, depth + 1) for part in parts)
