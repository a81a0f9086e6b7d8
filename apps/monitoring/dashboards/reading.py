"""JSON of people, read strictly: what is wrong is said with its place. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class LayoutError(ValueError):
    """A dashboard that cannot be read. `place` is where, such as `panels[3].w`."""

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}" if place else reason)


def an_object(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise LayoutError(place, f"an object is expected, not {_named(value)}")
    return value


def only(value: Mapping[str, Any], place: str, known: Sequence[str]) -> None:
    """Refuse fields that nothing reads: a typing error would go unseen."""
    for name in value:
        if name not in known:
            raise LayoutError(
                within(place, str(name)[:80]),
                "there is no such field; there are " + ", ".join(known),
            )


def a_list(value: Mapping[str, Any], name: str, place: str, most: int) -> list[Any]:
    """A list of at most `most`; [] where it is not there."""
    found = value.get(name, [])
    if not isinstance(found, list):
        raise LayoutError(
            within(place, name), f"a list is expected, not {_named(found)}"
        )
    if len(found) > most:
        raise LayoutError(
            within(place, name), f"{len(found):,} are more than the {most:,} allowed"
        )
    return found


def text(value: Mapping[str, Any], name: str, place: str, most: int = 200) -> str:
    """A text of at most `most` characters; "" where it is not there."""
    found = value.get(name, "")
    if not isinstance(found, str):
        raise LayoutError(within(place, name), f"text is expected, not {_named(found)}")
    if len(found) > most:
        raise LayoutError(
            within(place, name),
            f"{len(found):,} characters are more than the {most:,} allowed",
        )
    if "\0" in found:
        raise LayoutError(within(place, name), "a text has no NUL in it")
    return found


def one_of(
    value: Mapping[str, Any], name: str, place: str, choices: Sequence[str]
) -> str:
    found = value.get(name)
    if found not in choices:
        raise LayoutError(
            within(place, name),
            f"one of {', '.join(choices)} is expected, not {_named(found)}",
        )
    return str(found)


def whole(
    value: Mapping[str, Any], name: str, place: str, bounds: tuple[int, int]
) -> int:
    found = value.get(name)
    first, last = bounds
    is_whole = isinstance(found, int) and not isinstance(found, bool)
    if not is_whole or not first <= found <= last:  # type: ignore[operator] # is int
        raise LayoutError(
            within(place, name),
            f"a whole number from {first} to {last:,} is expected, not {_named(found)}",
        )
    return int(found)  # type: ignore[arg-type] # is int


def number(value: Mapping[str, Any], name: str, place: str) -> float:
    found = value.get(name)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or not math.isfinite(found):  # type: ignore[arg-type] # is one
        raise LayoutError(
            within(place, name), f"a number is expected, not {_named(found)}"
        )
    return found  # type: ignore[return-value] # is one


def each(
    values: Sequence[object], place: str, read: Callable[[object, str], T]
) -> tuple[T, ...]:
    return tuple(read(value, f"{place}[{at}]") for at, value in enumerate(values))


def within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _named(value: object) -> str:
    """A value in few characters, by the names JSON has for things."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return repr(value)[:60]
