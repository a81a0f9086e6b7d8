"""YAML as people write it: bounded, without aliases, with CloudFormation's tags.

`!Ref x` is {"Ref": x} and `!If [...]` is {"Fn::If": [...]}, as the long forms are.
"""

from __future__ import annotations

from typing import Any

import yaml

MOST_LETTERS = 300_000
_DEEPEST = 40
_MOST_NODES = 50_000


class YamlInvalid(ValueError):
    """It cannot be read; says where, counted from 1, and why."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        where = f"Line {line}, column {column}: " if line else ""
        super().__init__(f"{where}{message}")
        self.line = line
        self.column = column


class _Loader(yaml.CSafeLoader):
    """Safe, and knows CloudFormation's short forms."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = None
    return {name: value}


def _as_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_multi_constructor("!", _short_form)
# A version of a template such as 2010-09-09 is text, not a day.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


def read_yaml(text: str) -> Any:
    """The one document of a text; JSON is YAML too. Raises YamlInvalid."""
    if len(text) > MOST_LETTERS:
        raise YamlInvalid(f"It is longer than {MOST_LETTERS:,} characters.")
    try:
        _check(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = f"{error.problem or error.context or 'it is no YAML'}."
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise YamlInvalid(why[:1].upper() + why[1:], line, column) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlInvalid(str(error)[:300]) from None


def _check(text: str) -> None:
    """Refuses what would cost more than it is worth, before anything is built."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            message = "Anchors and aliases are not read."
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            message = "It is nested too deep." if depth > _DEEPEST else ""
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            message = ""
        else:
            message = "It has too many parts." if nodes > _MOST_NODES else ""
        if message:
            mark = event.start_mark
            raise YamlInvalid(message, mark.line + 1 if mark else 0)
