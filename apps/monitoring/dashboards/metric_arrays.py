"""The `metrics` of a CloudWatch widget: arrays with `.` and `...`, and searches. Pure.

After "Metric Widget: Format for Each Metric in the Array" in CloudWatch's API
reference: [namespace, name, dimension, value, ..., {options}], where "." repeats what
stands at its place in the metric before, and "..." all that is not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from apps.monitoring.dashboards.layouts import ALL, Json

_MOST_ITEMS = 2 + 2 * 30
_SEARCH = re.compile(
    r"""\s*SEARCH\(\s*(?P<quote>['"])\s*\{(?P<schema>[^{}]*)\}(?P<terms>.*)(?P=quote)\s*
    ,\s*['"](?P<statistic>[^'"]+)['"]\s*(?:,\s*(?P<period>\d{1,6})\s*)?\)\s*""",
    re.VERBOSE,
)
_TERM = re.compile(
    r"""\s*(?:AND\s+)?(?:(?P<name>[\w./-]+)|"(?P<quoted>[^"]+)")
    \s*=\s*"(?P<value>[^"]*)\"""",
    re.VERBOSE,
)


class NotImported(Exception):
    """Something of CloudWatch that dashboards here have no word for."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as a widget says it, nothing left to repeat."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Search:
    """Metrics of one name with these dimensions; `*` where any value is meant."""

    metric: Metric
    statistic: str
    period: int


def entries(arrays: object) -> Iterator[tuple[Metric | None, Json]]:
    """Each metric of a widget with its options; no metric for an expression.

    Raises NotImported for an array that is none.
    """
    if not isinstance(arrays, list):
        raise NotImported("metrics is not a list")
    before: list[str] = []
    for at, array in enumerate(arrays):
        if not isinstance(array, list) or not array:
            raise NotImported(f"metrics[{at}] is not a list with something in it")
        options = array[-1] if isinstance(array[-1], dict) else {}
        items = array[:-1] if isinstance(array[-1], dict) else array
        if not items:
            yield None, options
            continue
        before = _whole(items, before, f"metrics[{at}]")
        yield _metric(before, f"metrics[{at}]"), options


def _whole(items: Sequence[object], before: Sequence[str], place: str) -> list[str]:
    """The items of a metric with what was said by repeating."""
    if items.count("...") > 1:
        raise NotImported(f'{place} has "..." more than once')
    whole: list[str] = []
    for item in items:
        if not isinstance(item, str):
            raise NotImported(f"{place} has something that is neither text nor options")
        if item == "...":
            whole += before[len(whole) : len(before) - (len(items) - len(whole) - 1)]
        elif item == ".":
            if len(whole) >= len(before):
                raise NotImported(f'{place}: nothing stands before for "." to repeat')
            whole.append(before[len(whole)])
        else:
            whole.append(item)
    return whole


def _metric(items: Sequence[str], place: str) -> Metric:
    if not 2 <= len(items) <= _MOST_ITEMS or len(items) % 2:  # noqa: PLR2004 - pairs
        raise NotImported(
            f"{place} is not a namespace, a name and pairs of dimension and value"
        )
    pairs = tuple(zip(items[2::2], items[3::2], strict=True))
    return Metric(items[0], items[1], pairs)


def search_of(expression: str) -> Search | None:
    """A SEARCH for one metric name as a metric with `*`; None for other expressions.

    Raises NotImported for a SEARCH that asks for more than equal values.
    """
    if "SEARCH(" not in expression:
        return None
    match = _SEARCH.fullmatch(expression[:2_000])
    if match is None:
        raise NotImported("a SEARCH within another expression")
    namespace, *names = [part.strip().strip('"') for part in _schema(match["schema"])]
    wanted = _terms(match["terms"])
    name = wanted.pop("MetricName", "")
    unknown = [dimension for dimension in wanted if dimension not in names]
    if not name or unknown:
        raise NotImported(
            'a SEARCH that does not ask for one MetricName="..." and values of the '
            "dimensions it lists"
        )
    pairs = tuple((dimension, wanted.get(dimension, ALL)) for dimension in names)
    metric = Metric(namespace, name, pairs)
    return Search(metric, match["statistic"], int(match["period"] or 0))


def search_text(metric: Metric, statistic: str, period: int) -> str:
    """The SEARCH that finds a metric with `*` in its dimensions."""
    schema = ",".join(_quoted(part) for part in _schema_parts(metric))
    terms = [f'MetricName="{metric.name}"']
    terms += [f'{_quoted(n)}="{v}"' for n, v in metric.dimensions if v != ALL]
    said = f"'{{{schema}}} {' '.join(terms)}', '{statistic}'"
    return f"SEARCH({said}, {period})" if period else f"SEARCH({said})"


def _schema_parts(metric: Metric) -> list[str]:
    return [metric.namespace, *(name for name, _ in metric.dimensions)]


def _quoted(part: str) -> str:
    return part if re.fullmatch(r"[\w./-]+", part) else f'"{part}"'


def _schema(text: str) -> list[str]:
    return re.findall(r'"[^"]*"|[^,"]+', text) or [""]


def _terms(text: str) -> dict[str, str]:
    """`name="value"` by name. Raises NotImported for anything else."""
    found: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        match = _TERM.match(text, at)
        if match is None:
            raise NotImported("a SEARCH for words, or with OR or NOT")
        found[match["quoted"] or match["name"]] = match["value"]
        at = match.end()
    return found


def properties_of(widget: Json) -> dict[str, Any]:
    """What a widget says of itself. Raises NotImported where it says nothing."""
    properties = widget.get("properties")
    if not isinstance(properties, dict):
        raise NotImported("the widget has no properties")
    return properties
