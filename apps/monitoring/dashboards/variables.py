"""What a viewer chose for the variables, written into titles, texts and lines. Pure.

One chosen value is put in the place of `${name}`. Several, or all of them, make a
line for each series that is there: no line stands for what does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.monitoring.dashboards.layouts import ALL, MOST_VALUES, Variable

PREFIX = "var-"
# Several values as one, where a form has room for one: dimensions are ASCII, so none
# of them contains it (CloudWatch API reference, Dimension).
SEVERAL = "\u241f"
Values = tuple[str, ...]
_MOST_LETTERS = 1_024
_USE = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Choices:
    """The chosen values by the name of their variable; (ALL,) for every value."""

    by_name: Mapping[str, Values]

    def one(self, name: str) -> str | None:
        """The value of a variable that has just one."""
        values = self.by_name.get(name, ())
        return values[0] if len(values) == 1 and values[0] != ALL else None

    def many(self, text: str) -> list[str]:
        """The variables that a text uses and that stand for more than one value."""
        used = [name for name in _USE.findall(text) if name in self.by_name]
        return [name for name in dict.fromkeys(used) if self.one(name) is None]

    def allows(self, name: str, value: str) -> bool:
        values = self.by_name[name]
        return values == (ALL,) or value in values

    def with_single_values(self, text: str) -> str:
        """`text` with the variables filled in that have one value."""
        return _USE.sub(lambda use: self.one(use[1]) or use[0], text)

    def said_in(self, text: str) -> str:
        """`text` as people read it: several values are listed, all are "all"."""
        return _USE.sub(self._said, text)

    def _said(self, use: re.Match[str]) -> str:
        values = self.by_name.get(use[1])
        if values is None:
            return use[0]
        return "all" if values == (ALL,) else ", ".join(values)

    def parameters(self) -> list[tuple[str, str]]:
        """As a URL has them."""
        return [
            (PREFIX + name, value)
            for name, values in self.by_name.items()
            for value in values
        ]


def choose(
    variables: Sequence[Variable], parameters: Mapping[str, Sequence[str]]
) -> Choices:
    """What a URL chooses, and each variable's default where it chooses nothing."""
    return Choices({one.name: _chosen(one, parameters) for one in variables})


def uses(text: str) -> list[str]:
    """The names of variables that a text uses."""
    return list(dict.fromkeys(_USE.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with some variables filled in."""
    return _USE.sub(lambda use: values.get(use[1], use[0]), text)


def _chosen(variable: Variable, parameters: Mapping[str, Sequence[str]]) -> Values:
    asked = parameters.get(PREFIX + variable.name, ())
    single = [one for value in asked for one in value.split(SEVERAL)]
    values = [value[:_MOST_LETTERS] for value in single if value][:MOST_VALUES]
    if ALL in values or not values:
        values = [ALL] if values else [variable.default]
    if values == [ALL] and variable.kind == "list":
        return variable.values
    return tuple(dict.fromkeys(values))
