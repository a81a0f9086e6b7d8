"""What a query means, told as simply as Python can tell it: no index, no keys."""

from collections.abc import Iterator
from typing import Any

from apps.search.syntax import (
    AllOf,
    AnyOf,
    Equals,
    Everything,
    Exists,
    Mark,
    Node,
    Not,
    Range,
    Wildcard,
    Words,
)

Record = dict[str, Any]


# One case for each kind of node: a table in the form of a match.
def finds(node: Node, record: Record) -> bool:  # noqa: C901, PLR0911, PLR0912
    """Whether a query finds a record, for the parts the model knows."""
    match node:
        case Everything():
            return True
        case AllOf(clauses):
            return all(finds(clause, record) for clause in clauses)
        case AnyOf(clauses):
            return any(finds(clause, record) for clause in clauses)
        case Not(clause):
            return not finds(clause, record)
        case Exists(field):
            return bool(leaves(record, field))
        case Equals(field, value):
            return value in map(written, leaves(record, field))
        case Words(text):
            return any(text.lower() in words(leaf) for _, leaf in walk(record, ""))
        case Range():
            return any(lies_within(leaf, node) for leaf in leaves(record, node.field))
        case Wildcard(str(field), pattern):
            return any(fits(leaf, pattern) for leaf in leaves(record, field))
        case _:
            raise NotImplementedError(node)


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every leaf that is not null, with its path."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from walk(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for child in value:
            yield from walk(child, path)
    elif value is not None:
        yield path, value


def leaves(record: Record, field: str) -> list[Any]:
    """The leaves at a field, or below it."""
    return [
        leaf
        for path, leaf in walk(record, "")
        if path == field or path.startswith(f"{field}.")
    ]


def written(leaf: Any) -> str:
    return str(leaf).lower() if isinstance(leaf, bool) else str(leaf)


def words(leaf: Any) -> list[str]:
    return [] if isinstance(leaf, bool) else str(leaf).lower().split()


def lies_within(leaf: Any, node: Range) -> bool:
    """Numbers compare with numbers; the bounds of the model are numbers only."""
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return False
    above = node.lower is None or leaf >= float(node.lower)
    below = node.upper is None or leaf <= float(node.upper)
    if node.lower is not None and not node.include_lower:
        above = leaf > float(node.lower)
    if node.upper is not None and not node.include_upper:
        below = leaf < float(node.upper)
    return above and below


def fits(leaf: Any, pattern: tuple[str | Mark, ...]) -> bool:
    """A beginning followed by anything: the only wildcard of the model."""
    beginning = pattern[0]
    return (
        isinstance(leaf, str)
        and isinstance(beginning, str)
        and leaf.lower().startswith(beginning.lower())
    )
