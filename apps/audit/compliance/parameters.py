"""Parameters of rules: text as AWS writes it, read as what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_MOST_WORDS = 200
_MOST_DIGITS = 9


class ParameterInvalid(ValueError):
    """A parameter of a rule cannot be used; the message names it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"Parameter {name}: {message}")
        self.name = name


class Form(StrEnum):
    TEXT = "text"
    NUMBER = "whole number"
    FLAG = "true or false"
    WORDS = "values, by commas"
    PORTS = "ports or ranges such as 8000-8080, by commas"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as AWS documents it. `default` is text as AWS writes it, "" where
    there is none."""

    name: str
    form: Form = Form.TEXT
    default: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of a rule, defaults included."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, list):
            return ",".join(str(one) for one in value)
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value).strip()

    def words(self, name: str) -> list[str]:
        found = (one.strip() for one in self.text(name).split(","))
        return [one for one in found if one][:_MOST_WORDS]

    def flag(self, name: str) -> bool | None:
        """None where it is not given. Raises ParameterInvalid, as do those below."""
        word = self.text(name).lower()
        if word not in ("", "true", "false"):
            raise ParameterInvalid(name, "must be true or false.")
        return None if not word else word == "true"

    def number(self, name: str) -> int | None:
        word = self.text(name)
        return _whole(name, word) if word else None

    def ports(self, name: str) -> list[tuple[int, int]]:
        found = []
        for word in self.words(name):
            low, _, high = word.partition("-")
            found.append((_whole(name, low), _whole(name, high or low)))
        return found


def _whole(name: str, word: str) -> int:
    digits = word.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise ParameterInvalid(name, f"{word[:40]!r} is not a whole number.")
    return int(digits)


_READ: Mapping[Form, Callable[[Given, str], Any]] = {
    Form.TEXT: Given.text,
    Form.NUMBER: Given.number,
    Form.FLAG: Given.flag,
    Form.WORDS: Given.words,
    Form.PORTS: Given.ports,
}


def filled(known: tuple[Parameter, ...], given: Mapping[str, Any]) -> Given:
    """With AWS's defaults for what is not given; what is given empty is without."""
    defaults = {one.name: one.default for one in known if one.default}
    return Given({**defaults, **given})


def check(known: tuple[Parameter, ...], given: Mapping[str, Any]) -> None:
    """Raises ParameterInvalid for what a rule does not have or cannot read."""
    names = {one.name for one in known}
    for name in given:
        if name not in names:
            raise ParameterInvalid(str(name)[:80], "the rule has none of this name.")
    values = filled(known, given)
    for one in known:
        if one.is_required and not values.text(one.name):
            raise ParameterInvalid(one.name, "is required.")
        _READ[one.form](values, one.name)
