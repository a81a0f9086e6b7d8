"""Conditions as they are written, made into what can be held against a resource.

    and: [...]   or: [...]   not: {...}
    {path: configuration.publiclyAccessible, op: eq, value: true}
    {path: configuration.ipPermissions, any: {path: fromPort, op: eq, value: 22}}

A condition on a value that is not there is unknown, unless it asks just that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.audit.compliance.conditions.operators import (
    EXISTENCE,
    MAKERS,
    Test,
    ValueInvalid,
)
from apps.audit.compliance.conditions.paths import Path, PathInvalid
from apps.audit.compliance.conditions.truths import (
    Condition,
    Look,
    Truth,
    all_of,
    any_of,
    opposite,
)
from apps.audit.compliance.places import Place, shown

_DEEPEST = 12
_MOST_PARTS = 200
_JOINS = {"and": all_of, "or": any_of}
_QUANTIFIERS = ("any", "all", "none")
_COMPARISON = frozenset(("path", "op", "value", "match"))


class ConditionInvalid(ValueError):
    """A condition cannot be used. `place` says where, such as fails_when.and[1].op."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place


def compiled(written: Any, place: str, depth: int = 0) -> Condition:
    """Raises ConditionInvalid."""
    if not isinstance(written, Mapping) or not written:
        raise ConditionInvalid(place, "must be a condition, an object.")
    if depth > _DEEPEST:
        raise ConditionInvalid(place, f"is nested deeper than {_DEEPEST} conditions.")
    for word in ("and", "or", "not"):
        if word in written:
            _only(written, {word}, place)
            return _joined(word, written[word], f"{place}.{word}", depth)
    if "path" not in written:
        said = ", ".join(sorted(str(one)[:40] for one in written))
        raise ConditionInvalid(
            place, f"has {said}; a condition has and, or, not, or a path."
        )
    path = _path(written["path"], f"{place}.path")
    for word in _QUANTIFIERS:
        if word in written:
            _only(written, {"path", word}, place)
            inner = compiled(written[word], f"{place}.{word}", depth + 1)
            return _of_elements(word, path, inner)
    _only(written, _COMPARISON, place)
    return _comparison(written, path, place)


def _only(written: Mapping[str, Any], names: Any, place: str) -> None:
    for name in written:
        if name not in names:
            expected = ", ".join(sorted(names))
            raise ConditionInvalid(
                f"{place}.{str(name)[:60]}", f"is not known here; expected {expected}."
            )


def _joined(word: str, written: Any, place: str, depth: int) -> Condition:
    if word == "not":
        inner = compiled(written, place, depth + 1)
        return lambda look: opposite(inner(look))
    if not isinstance(written, list) or not written:
        raise ConditionInvalid(place, "must be a list of conditions.")
    if len(written) > _MOST_PARTS:
        raise ConditionInvalid(place, f"has more than {_MOST_PARTS} conditions.")
    parts = [
        compiled(one, f"{place}[{at}]", depth + 1) for at, one in enumerate(written)
    ]
    join = _JOINS[word]
    return lambda look: join(part(look) for part in parts)


def _path(written: Any, place: str) -> Path:
    try:
        return Path.read(str(written))
    except PathInvalid as error:
        raise ConditionInvalid(place, str(error)) from None


def _of_elements(word: str, path: Path, inner: Condition) -> Condition:
    def told(look: Look) -> Iterator[Truth]:
        for place in path.find(look.root):
            if place is None or not isinstance(place.value, list | tuple):
                yield Truth(None, f"{path.text} is no list", path.text)
                continue
            for one in place.each():
                yield inner(Look(one, look.now))

    if word == "all":
        return lambda look: all_of(told(look))
    if word == "none":
        return lambda look: opposite(any_of(told(look)))
    return lambda look: any_of(told(look))


def _comparison(written: Mapping[str, Any], path: Path, place: str) -> Condition:
    operator = written.get("op", "eq")
    if operator in EXISTENCE:
        if "value" in written:
            raise ConditionInvalid(f"{place}.value", f"{operator} takes no value.")
        return _existence(operator, path)
    if not isinstance(operator, str) or operator not in MAKERS:
        known = ", ".join((*MAKERS, *EXISTENCE))
        said = f"{str(operator)[:40]!r} is no operator; there are {known}."
        raise ConditionInvalid(f"{place}.op", said)
    if "value" not in written:
        raise ConditionInvalid(place, f"{operator} needs a value.")
    maker, words = MAKERS[operator]
    try:
        test = maker(written["value"])
    except ValueInvalid as error:
        raise ConditionInvalid(f"{place}.value", str(error)) from None
    match = written.get("match", "any")
    if match not in _QUANTIFIERS:
        raise ConditionInvalid(f"{place}.match", "must be any, all or none.")
    said = "" if operator == "eq" else f"{words} {shown(written['value'])}"
    return _compared(path, test, said, match)


def _compared(path: Path, test: Test, words: str, match: str) -> Condition:
    def one(place: Place | None, look: Look) -> Truth:
        if place is None:
            return Truth(None, f"{path.text or 'the value'} is not told", path.text)
        is_so = test(place.value, look.now)
        said = f"{place.path or 'it'} is {shown(place.value)}"
        if is_so is None:
            said += ", which cannot be compared"
        elif is_so and words:
            said += f", which {words}"
        return Truth(is_so, said, place.path)

    def told(look: Look) -> Iterator[Truth]:
        return (one(place, look) for place in path.find(look.root))

    if match == "all":
        return lambda look: all_of(told(look))
    if match == "none":
        return lambda look: opposite(any_of(told(look)))
    return lambda look: any_of(told(look))


def _existence(operator: str, path: Path) -> Condition:
    """present: there, and not null. empty: there is nothing, or nothing in it."""

    def told(look: Look) -> Truth:
        found = [one for one in path.find(look.root) if one is not None]
        filled = [one for one in found if one.value not in ("", [], {})]
        is_so = {
            "present": bool(found),
            "absent": not found,
            "not-null": bool(filled),
            "empty": not filled,
        }[operator]
        seen = found[0].path if found else path.text
        said = "is there" if found else "is not there"
        return Truth(is_so, f"{seen} {said}", seen)

    return told
