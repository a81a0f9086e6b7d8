"""A panel's chart for the chosen values: one line becomes many where they are. Pure.

A line stands for many series where it uses a variable that has several values, or
where an account, region or dimension is `*`. Which series there are is asked once a
line. An expression over such lines is repeated for each value they share.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.monitoring.dashboards.layouts import ALL, Json
from apps.monitoring.dashboards.variables import Choices, fill
from apps.monitoring.metrics.keys import MetricKey

MOST_LINES = 50
_LONG_ID = 24
_MOST_LABEL = 200
_PLACES = ("account", "region")
Binding = Mapping[str, str]
_IDENTIFIER = re.compile(r"\b[a-z][A-Za-z0-9_]*\b")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Metrics of a name with exactly these dimensions.

    None allows any value, "" as account or region too; a text just that one.
    """

    account: str | None
    region: str | None
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """A chart without variables. `left_out` lines would have been too many."""

    chart: dict[str, Any]
    left_out: int = 0
    # Lines whose pattern fits no series: what they look for, in words.
    unfound: tuple[str, ...] = ()


Find = Callable[[Pattern], Sequence[MetricKey]]
_Copies = list[tuple[Binding, dict[str, Any]]]


def spread(chart: Json, choices: Choices, find: Find) -> Spread:
    """The chart with every line that the choices ask for."""
    lines = chart.get("lines", [])
    copies: dict[str, _Copies] = {}
    unfound = []
    for line in lines:
        if "expression" not in line:
            copies[line["id"]] = _copies(line, choices, find)
            if not copies[line["id"]]:
                unfound.append(_wanted(line, choices))
    for line in _in_order([line for line in lines if "expression" in line]):
        copies[line["id"]] = _repeated(line, copies)
    made = [copy for line in lines for _, copy in copies.get(line["id"], [])]
    said = {"title": choices.said_in(str(chart.get("title", "")))}
    return Spread(
        {**chart, **said, "lines": made[:MOST_LINES]},
        max(0, len(made) - MOST_LINES),
        tuple(unfound),
    )


def _copies(line: Json, choices: Choices, find: Find) -> _Copies:
    """A copy of a metric's line for every series that it stands for."""
    templates = _templates(line, choices)
    if not any(_is_open(template, choices) for template in templates.values()):
        return [({}, _filled(line, templates, {}))]
    bound = []
    for key in find(_pattern(line, templates, choices)):
        values = _values_of(key)
        binding = _binding(templates, values, choices)
        if binding is not None:
            bound.append((binding, values))
    bound.sort(key=lambda pair: tuple(pair[0].values()))
    telling = _telling([binding for binding, _ in bound])
    return [
        (binding, _numbered(_filled(line, values, binding), at, telling))
        for at, (binding, values) in enumerate(bound, start=1)
    ]


def _telling(bindings: Sequence[Binding]) -> list[Binding]:
    """Of each binding, what tells it from the others; of a single one its last, for
    accounts and regions come first."""
    names = list(bindings[0]) if bindings else []
    varying = [
        name for name in names if len({binding[name] for binding in bindings}) > 1
    ]
    shown = varying or names[-1:]
    return [{name: binding[name] for name in shown} for binding in bindings]


def _templates(line: Json, choices: Choices) -> dict[str, str]:
    """Account, region and dimensions, with single values filled in."""
    whole = {" account": line.get("account", ""), " region": line.get("region", "")}
    whole |= line.get("dimensions", {})
    return {name: choices.with_single_values(value) for name, value in whole.items()}


def _is_open(template: str, choices: Choices) -> bool:
    return template == ALL or bool(choices.many(template))


def _pattern(line: Json, templates: Mapping[str, str], choices: Choices) -> Pattern:
    closed = {
        name: None if _is_open(template, choices) else template
        for name, template in templates.items()
    }
    return Pattern(
        closed[" account"],
        closed[" region"],
        line["namespace"],
        line["name"],
        tuple((name, closed[name]) for name in line.get("dimensions", {})),
    )


def _values_of(key: MetricKey) -> dict[str, str]:
    return {" account": key.account, " region": key.region, **dict(key.dimensions)}


def _binding(
    templates: Mapping[str, str], values: Mapping[str, str], choices: Choices
) -> dict[str, str] | None:
    """What each open place of a line stands for in one series; None where it does
    not fit: a value that was not chosen, or two values of one variable."""
    binding: dict[str, str] = {}
    for name, template in templates.items():
        if not _is_open(template, choices):
            continue
        found = _bound(template, name, values[name], choices)
        if found is None:
            return None
        variable, value = found
        if binding.setdefault(variable, value) != value:
            return None
    return binding


def _bound(
    template: str, name: str, value: str, choices: Choices
) -> tuple[str, str] | None:
    if template == ALL:
        return name, value
    variable = choices.many(template)[0]
    before, _, after = template.partition("${" + variable + "}")
    inner = value[len(before) : len(value) - len(after)]
    fits = fill(template, {variable: inner}) == value
    return (variable, inner) if fits and choices.allows(variable, inner) else None


def _filled(line: Json, values: Mapping[str, str], binding: Binding) -> dict[str, Any]:
    label = fill(str(line.get("label", "")), binding)
    return {
        **line,
        "account": values[" account"],
        "region": values[" region"],
        "dimensions": {name: values[name] for name in line.get("dimensions", {})},
        "label": label,
    }


def _numbered(
    line: dict[str, Any], at: int, telling: Sequence[Binding]
) -> dict[str, Any]:
    """A copy with an id of its own, told from its siblings by its label."""
    label = _label(line, telling[at - 1])
    return {**line, "id": _copy_id(line["id"], at), "label": label[:_MOST_LABEL]}


def _copy_id(line_id: str, at: int) -> str:
    """An id that no line has yet, and not longer than ids may be."""
    if len(line_id) > _LONG_ID:
        line_id = f"{line_id[:16]}{zlib.crc32(line_id.encode()):08x}"
    return f"{line_id}__{at}"


def _label(line: Json, binding: Binding) -> str:
    label = str(line.get("label", ""))
    if binding and all(value in label for value in binding.values()):
        return label
    # What it is before where it is: legends are cut at the end.
    names = sorted(binding, key=lambda name: name.strip() in _PLACES)
    values = " · ".join(binding[name] for name in names if binding[name] not in label)
    return f"{label} · {values}" if label else values


def _repeated(line: Json, copies: Mapping[str, _Copies]) -> _Copies:
    """An expression for every binding that all lines it names have."""
    named = [name for name in _names(line) if name in copies]
    many = [name for name in named if any(binding for binding, _ in copies[name])]
    if any(not copies[name] for name in named):
        return []
    if not many:
        return [({}, dict(line))]
    repeated: _Copies = []
    joined = list(_joined(many, copies))
    telling = _telling([binding for binding, _ in joined])
    for at, (binding, ids) in enumerate(joined, start=1):
        copy = {
            **line,
            "expression": _renamed(line["expression"], ids),
            "label": fill(str(line.get("label", "")), binding),
        }
        repeated.append((binding, _numbered(copy, at, telling)))
    return repeated


def _joined(
    names: Sequence[str], copies: Mapping[str, _Copies]
) -> Iterator[tuple[Binding, dict[str, str]]]:
    """Bindings of the first line that the others have too, with the ids they chose.

    A line that stands for fewer variables goes with every value of the others.
    """
    first, *others = sorted(names, key=lambda name: -len(copies[name][0][0]))
    for binding, line in copies[first]:
        ids = {first: line["id"]}
        for other in others:
            fits = (
                copy["id"]
                for theirs, copy in copies[other]
                if theirs.items() <= binding.items()
            )
            ids[other] = next(fits, "")
        if all(ids.values()):
            yield binding, ids


def _names(line: Json) -> list[str]:
    return list(dict.fromkeys(_IDENTIFIER.findall(line["expression"])))


def _renamed(expression: str, ids: Mapping[str, str]) -> str:
    return _IDENTIFIER.sub(lambda word: ids.get(word[0], word[0]), expression)


def _in_order(expressions: Sequence[Json]) -> Iterator[Json]:
    """Expressions after those that they name; circles last, for others to refuse."""
    left = {line["id"]: line for line in expressions}
    while left:
        ready = [
            line
            for line in left.values()
            if not any(name in left for name in _names(line) if name != line["id"])
        ]
        for line in ready or list(left.values()):
            del left[line["id"]]
            yield line


def _wanted(line: Json, choices: Choices) -> str:
    said = ", ".join(
        f"{name}={choices.said_in(value)}"
        for name, value in line.get("dimensions", {}).items()
    )
    return f"{line['namespace']} {line['name']}" + (f" {{{said}}}" if said else "")
