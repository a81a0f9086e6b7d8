"""Reading JSON of others field by field, saying where it is wrong. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class SpecError(ValueError):
    """A chart that cannot be read. `place` such as `lines[2].statistic`."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}." if place else f"{problem}.")
        self.place = place
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Place:
    """An object of the JSON, and how one comes to it."""

    values: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: object, path: str = "") -> Place:
        if not isinstance(value, Mapping):
            raise SpecError(path, "expected an object")
        return cls(value, path)

    def error(self, name: str, problem: str) -> SpecError:
        return SpecError(self._path(name), problem)

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def text(self, name: str, most: int) -> str:
        """A text of at most so many characters; "" where there is none."""
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.error(name, "expected a text")
        if len(value) > most:
            raise self.error(name, f"longer than {most:,} characters")
        if "\0" in value:
            raise self.error(name, "a text has no NUL in it")
        return value

    def needed(self, name: str, most: int) -> str:
        text = self.text(name, most)
        if not text:
            raise self.error(name, "is missing")
        return text

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of the choices; the first where nothing is said."""
        text = self.values.get(name)
        if text is None or text == "":
            return choices[0]
        if text not in choices:
            said = ", ".join(choice for choice in choices if choice)
            raise self.error(name, f"expected one of {said}")
        return str(text)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.error(name, "expected true or false")
        return value

    def number(self, name: str, default: float) -> float:
        value = self.number_or_none(name)
        return default if value is None else value

    def number_or_none(self, name: str) -> float | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, "expected a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.error(name, "expected a finite number")
        return number

    def texts(self, name: str, most: int, longest: int) -> dict[str, str]:
        """An object of texts, such as dimensions."""
        inner = self.inside(name)
        if inner is None:
            return {}
        if len(inner.values) > most:
            raise self.error(name, f"more than {most}")
        return {key: inner.text(key, longest) for key in inner.values}

    def inside(self, name: str) -> Place | None:
        value = self.values.get(name)
        return None if value is None else Place.of(value, self._path(name))

    def items(self, name: str, most: int) -> list[Place]:
        value = self.values.get(name, ())
        if not isinstance(value, list | tuple):
            raise self.error(name, "expected a list")
        if len(value) > most:
            raise self.error(name, f"more than {most} lines")
        return [
            Place.of(one, f"{self._path(name)}[{at}]") for at, one in enumerate(value)
        ]

    def _path(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name
