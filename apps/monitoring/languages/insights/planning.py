"""Which stages answer a query: lines come out newest first, and not without end."""

from __future__ import annotations

from collections.abc import Sequence

from apps.monitoring.languages.insights import syntax as ast
from apps.monitoring.languages.insights.grouping import Grouping
from apps.monitoring.languages.insights.ordering import (
    NEWEST,
    Deduplicating,
    Sorting,
)
from apps.monitoring.languages.insights.stages import (
    Computing,
    Filtering,
    Limiting,
    Parsing,
    Stage,
    Unnesting,
)

# AWS: without a limit "the query returns up to 10,000 rows".
DEFAULT_ROWS = 10_000
_SIMPLE = ast.Filter | ast.Parse | ast.Unnest | ast.Fields | ast.Display


def stages_of(commands: Sequence[ast.Command], fields: Sequence[str]) -> list[Stage]:
    """`fields`: what of the lines any command reads or results show."""
    return _Planning(commands, fields).stages()


class _Planning:
    def __init__(self, commands: Sequence[ast.Command], fields: Sequence[str]) -> None:
        self._commands, self._fields = commands, fields
        self._is_ordered = self._is_limited = False

    def stages(self) -> list[Stage]:
        found = [
            self._stage(at, command)
            for at, command in enumerate(self._commands)
            if not isinstance(command, ast.Display) or _computes(command)
        ]
        if not self._is_ordered:
            found.append(Sorting((NEWEST,), DEFAULT_ROWS, self._fields))
        elif not self._is_limited:
            found.append(Limiting(DEFAULT_ROWS))
        return found

    def _stage(self, at: int, command: ast.Command) -> Stage:
        if isinstance(command, _SIMPLE):
            return _simple(command)
        was_ordered, self._is_ordered = self._is_ordered, True
        if isinstance(command, ast.Sort):
            return Sorting(command.keys, self._most(at + 1), self._fields)
        if isinstance(command, ast.Limit):
            self._is_limited = True
            if was_ordered:
                return Limiting(command.rows)
            return Sorting((NEWEST,), command.rows, self._fields)
        if isinstance(command, ast.Dedup):
            return Deduplicating(command.columns, self._fields, is_ordered=was_ordered)
        return Grouping(command.columns, command.by)  # groups come in no order of time

    def _most(self, at: int) -> int | None:
        """How many sorted rows the commands behind can use; None for all."""
        following = self._commands[at:]
        if following and isinstance(following[0], ast.Limit):
            return following[0].rows
        shows = all(isinstance(one, ast.Display | ast.Fields) for one in following)
        return DEFAULT_ROWS if shows else None


def _computes(display: ast.Display) -> bool:
    return any(not isinstance(one.expression, ast.Name) for one in display.columns)


def _simple(
    command: ast.Filter | ast.Parse | ast.Unnest | ast.Fields | ast.Display,
) -> Stage:
    if isinstance(command, ast.Filter):
        return Filtering(command.condition)
    if isinstance(command, ast.Parse):
        return Parsing(command)
    if isinstance(command, ast.Unnest):
        return Unnesting(command)
    return Computing(command.columns)
