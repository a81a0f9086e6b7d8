"""Values that people give an action: what is asked for, and what was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_MOST_CHARACTERS = 4_000
_KINDS: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "choice": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "json": (dict, list, type(None)),
}


class Refused(Exception):
    """This action cannot repair this resource; the message says why and what could."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a person gives. `kind`: text, integer, boolean, choice or json."""

    name: str
    title: str
    help: str = ""
    kind: str = "text"
    default: Any = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None


def settled(asked: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter that is asked for, by name. Raises Refused for a name that is
    not asked for, and for a value that is not of its kind or beyond its limits."""
    by_name = {one.name: one for one in asked}
    unknown = sorted(set(given) - set(by_name))
    if unknown:
        raise Refused(f"There is no parameter {unknown[0]!r}.")
    return {
        name: _checked(one, given[name]) if given.get(name) is not None else one.default
        for name, one in by_name.items()
    }


def _checked(asked: Parameter, value: Any) -> Any:
    is_kind = isinstance(value, _KINDS[asked.kind])
    if not is_kind or (asked.kind == "integer" and isinstance(value, bool)):
        raise Refused(f"{asked.title} is to be {_article(asked.kind)}.")
    if asked.choices and value not in asked.choices:
        raise Refused(f"{asked.title} is one of {', '.join(asked.choices)}.")
    if asked.least is not None and value < asked.least:
        raise Refused(f"{asked.title} is at least {asked.least}.")
    if asked.most is not None and value > asked.most:
        raise Refused(f"{asked.title} is at most {asked.most}.")
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        raise Refused(f"{asked.title} has at most {_MOST_CHARACTERS} characters.")
    return value


def _article(kind: str) -> str:
    words = {"integer": "a whole number", "boolean": "yes or no", "json": "JSON"}
    return words.get(kind, "text")


def words_of(text: str) -> tuple[str, ...]:
    """What stands between commas or spaces."""
    return tuple(one for one in text.replace(",", " ").split() if one)
