"""Logs Insights QL over columns of log lines.

`compile(query)` gives a plan; `plan.run(now_ms)` a run that is fed blocks, newest
first, and gives rows at the end: the same whatever the sizes of the blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from apps.monitoring.languages.insights import syntax as ast
from apps.monitoring.languages.insights.frames import Frame
from apps.monitoring.languages.insights.ordering import Sorting
from apps.monitoring.languages.insights.parser import MOST_ROWS, parse
from apps.monitoring.languages.insights.planning import DEFAULT_ROWS, stages_of
from apps.monitoring.languages.insights.stages import (
    AtOnce,
    Computing,
    Filtering,
    Parsing,
    Stage,
    names_in,
)
from apps.monitoring.languages.insights.syntax import QueryError
from apps.monitoring.languages.insights.values import text, time_text
from apps.search.engines.columns import Numbers, Value

_LINE = ("@timestamp", "@message")


@dataclass(frozen=True, slots=True)
class Answer:
    """`rows`: a value for each column. `times`: columns that hold milliseconds since
    1970. `ids`: the document behind each row, where rows are lines. `cut`: what was
    left out, in sentences."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    times: frozenset[str]
    ids: tuple[str, ...]
    cut: tuple[str, ...]

    def texts(self) -> Iterator[tuple[str, ...]]:
        """Rows as AWS prints them."""
        timely = [name in self.times for name in self.columns]
        for row in self.rows:
            yield tuple(
                time_text(value)
                if is_time and isinstance(value, float)
                else text(value)
                for value, is_time in zip(row, timely, strict=True)
            )


@dataclass(frozen=True, slots=True)
class Plan:
    commands: tuple[ast.Command, ...]

    def run(self) -> Run:
        return Run(self)

    @property
    def bin(self) -> ast.Period | None:
        """The period of `stats ... by bin(...)`, which makes a chart."""
        for one in self._grouped():
            call = one.expression
            if isinstance(call, ast.Call) and call.name == "bin":
                period = call.arguments[0]
                return period if isinstance(period, ast.Period) else None
        return None

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the columns that the last `stats` groups by."""
        return tuple(one.name for one in self._grouped())

    @property
    def is_grouped(self) -> bool:
        return any(isinstance(command, ast.Stats) for command in self.commands)

    def _grouped(self) -> tuple[ast.Named, ...]:
        stats = [one for one in self.commands if isinstance(one, ast.Stats)]
        return stats[-1].by if stats else ()

    def columns(self) -> tuple[str, ...]:
        """What results show: the last `display`, else all `fields` or `stats`."""
        shown: list[str] = []
        for command in self.commands:
            if isinstance(command, ast.Stats):
                shown = [one.name for one in (*command.by, *command.columns)]
            elif isinstance(command, ast.Display):
                shown = [one.name for one in command.columns]
            elif isinstance(command, ast.Fields):
                shown += [one.name for one in command.columns]
            elif isinstance(command, ast.Parse) and shown:
                shown += command.names
            elif isinstance(command, ast.Unnest) and shown:
                shown.append(command.name)
        return tuple(dict.fromkeys(shown)) or _LINE

    def fields(self) -> tuple[str, ...]:
        """Every name that the query reads or shows."""
        found: set[str] = {"@timestamp", "@ptr", *self.columns()}
        for command in self.commands:
            found |= _names_of(command)
        return tuple(sorted(found))


def _names_of(command: ast.Command) -> set[str]:
    if isinstance(command, ast.Filter):
        return names_in(command.condition)
    if isinstance(command, ast.Parse):
        return names_in(command.source)
    if isinstance(command, ast.Unnest):
        return {command.path, "@message"}
    if isinstance(command, ast.Sort):
        return set().union(*(names_in(key.expression) for key in command.keys))
    if isinstance(command, ast.Limit):
        return set()
    named = [*command.columns, *getattr(command, "by", ())]
    return set().union(*(names_in(one.expression) for one in named))


def compile(query: str) -> Plan:  # noqa: A001 # as re.compile
    """Raises QueryError, which says where and what to do instead."""
    return Plan(parse(query))


class Run:
    """One answer in the making."""

    def __init__(self, plan: Plan, stages: Sequence[Stage] = ()) -> None:
        self._plan = plan
        self._stages = stages or stages_of(plan.commands, plan.fields())
        self._frames: list[Frame] = []

    def feed(self, frame: Frame) -> int:
        """Take rows in; how many of them passed the filters before any grouping."""
        return self._push(frame, 0)

    def needs(self, newest_ms: int) -> bool:
        """Whether lines no younger than this can still change the answer."""
        for stage in self._stages:
            if isinstance(stage, Sorting):
                return newest_ms >= stage.oldest_needed_ms
            if not isinstance(stage, Filtering | Computing | Parsing):
                return True
        return True

    def _push(self, frame: Frame | None, at: int) -> int:
        matched = 0
        for stage in self._stages[at:]:
            if frame is None:
                return matched
            if not isinstance(stage, Filtering | Computing | Parsing):
                matched = matched or frame.rows
            frame = stage.take(frame)
        if frame is not None:
            self._frames.append(frame)
        return matched

    def finish(self) -> Answer:
        for at, stage in enumerate(self._stages):
            self._push(stage.finish(), at + 1)
        return self._answer()

    def so_far(self) -> Answer:
        """The answer of what was fed until now; more may be fed after it.

        What stands behind the first command that holds rows back has seen none yet:
        copies of those commands take what it holds.
        """
        stages = stages_of(self._plan.commands, self._plan.fields())
        holding = next(
            at for at, stage in enumerate(self._stages) if not isinstance(stage, AtOnce)
        )
        until_it = self._stages[: holding + 1]
        return Run(self._plan, [*until_it, *stages[holding + 1 :]]).finish()

    def _answer(self) -> Answer:
        columns = self._plan.columns()
        parts = [_rows(frame, columns) for frame in self._frames]
        ids = [_ids(frame) for frame in self._frames if not self._plan.is_grouped]
        cut = tuple(stage.cut for stage in self._stages if stage.cut)
        return Answer(
            columns, list(chain(*parts)), self._times(columns), tuple(chain(*ids)), cut
        )

    def _times(self, columns: Sequence[str]) -> frozenset[str]:
        return frozenset(
            name
            for frame in self._frames
            for name in columns
            if isinstance(column := frame.get(name), Numbers) and column.is_time
        )


def _rows(frame: Frame, columns: Sequence[str]) -> list[tuple[Value, ...]]:
    values = []
    for name in columns:
        codes, known = frame.get(name).coded()
        timely = isinstance(column := frame.get(name), Numbers) and column.is_time
        if timely:
            known = [None if value is None else float(value) for value in known]
        values.append([known[code] if code >= 0 else None for code in codes.tolist()])
    return list(zip(*values, strict=True))


def _ids(frame: Frame) -> list[str]:
    codes, known = frame.get("@ptr").coded()
    return [text(known[code]) if code >= 0 else "" for code in codes.tolist()]


__all__ = [
    "DEFAULT_ROWS",
    "MOST_ROWS",
    "Answer",
    "Plan",
    "QueryError",
    "Run",
    "compile",
]
