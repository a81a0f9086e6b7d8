"""What is being typed at the cursor: a field's name, or a value of a field."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.search.kinds import Kind
from apps.search.language import escaped_field, quoted

_TYPED = re.compile(
    r'(?:^|[\s(])[+\-]?(?:(?P<field>(?:[\w.@$\-]|\\.)+):(?P<quote>"?))?'
    r'(?P<text>(?:[^\s()"\\]|\\.)*)$'
)
_TYPED_QUOTED = re.compile(
    r'(?:^|[\s(])[+\-]?(?P<field>(?:[\w.@$\-]|\\.)+):"(?P<text>(?:[^"\\]|\\.)*)$'
)
_PLAIN_VALUE = re.compile(r"[\w.@\-]+")


@dataclass(frozen=True, slots=True)
class Typed:
    """The part of a query before the cursor that a completion would replace.

    `field` is None while a field's name may be meant; `start` is where the
    replacement begins.
    """

    field: str | None
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What to offer: `insert` replaces the text from `start` to the cursor."""

    label: str
    insert: str
    start: int
    note: str = ""


def typed_at(query: str, cursor: int) -> Typed:
    before = query[:cursor]
    match = _TYPED_QUOTED.search(before)
    if match is not None:
        text = re.sub(r"\\(.)", r"\1", match["text"])
        return Typed(_plain(match["field"]), text, match.start("text") - 1)
    match = _TYPED.search(before)
    if match is None:
        return Typed(None, "", cursor)
    field = match["field"]
    start = match.start("text") - len(match["quote"] or "")
    return Typed(_plain(field) if field else None, match["text"], start)


def field_completions(
    typed: Typed, kind: Kind, seen: Iterable[str], limit: int
) -> list[Completion]:
    """Fields whose name or label contains what was typed, best matches first."""
    wanted = typed.text.lower()
    paths = dict.fromkeys([*kind.by_path, *sorted(seen)])
    ranked = []
    for order, path in enumerate(paths):
        declared = kind.field(path)
        rank = _rank(wanted, path.lower(), declared.label.lower())
        if rank is not None:
            ranked.append((rank, order, path, declared))
    ranked.sort(key=lambda one: one[:2])
    return [
        Completion(path, escaped_field(path) + ":", typed.start, declared.label)
        for _, _, path, declared in ranked[:limit]
    ]


def value_completions(
    typed: Typed, values: Sequence[tuple[str, int]]
) -> list[Completion]:
    return [
        Completion(
            value,
            (value if _PLAIN_VALUE.fullmatch(value) else quoted(value)) + " ",
            typed.start,
            f"{count:,}",
        )
        for value, count in values
    ]


def _rank(wanted: str, path: str, label: str) -> int | None:
    if path.startswith(wanted):
        return 0
    if path.rsplit(".", 1)[-1].startswith(wanted):
        return 1
    return 2 if wanted in path or wanted in label else None


def _plain(field: str) -> str:
    return re.sub(r"\\(.)", r"\1", field)
