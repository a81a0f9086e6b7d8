"""Dashboards for namespaces, made of the series there are. Pure but for its tables.

The main services have a table each in `automatic/`: which metrics belong together,
under which title, by which dimensions. Any other namespace gets a chart for each of
its metrics. A chart without a series is left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from apps.monitoring.dashboards.layouts import DEFAULT_SINCE, DashboardSpec

_TABLES = Path(__file__).parent / "automatic"
_WIDTH, _HEIGHT, _IN_A_ROW = 8, 6, 3
_MOST_CHARTS = 60
_COUNTED = re.compile(
    r"(count|errors?|requests?|invocations|messages|events|bytes|failures|hits|misses"
    r"|orders|throttles?)$",
    re.IGNORECASE,
)

DimensionNames = tuple[str, ...]
# How many series a metric has with each set of dimensions.
Inventory = Mapping[str, Mapping[DimensionNames, int]]


@cache
def tables() -> dict[str, dict[str, Any]]:
    """What is declared for the main services, by namespace."""
    read = [tomllib.loads(path.read_text()) for path in sorted(_TABLES.glob("*.toml"))]
    return {table["namespace"]: table for table in read}


def title_of(namespace: str) -> str:
    table = tables().get(namespace)
    return table["title"] if table else namespace


def board(namespace: str, inventory: Inventory) -> DashboardSpec:
    """The dashboard of a namespace that has these series."""
    table = tables().get(namespace)
    panels = list(_declared(table, inventory) if table else _generic(inventory))
    dimensions = dict.fromkeys(name for panel in panels for name in panel["by"])
    return DashboardSpec.parse(
        {
            "title": title_of(namespace)[:200],
            "description": table["about"] if table else "",
            "time": {"since": (table or {}).get("since", DEFAULT_SINCE)},
            "variables": [
                _variable("account", "account", namespace, ""),
                _variable("region", "region", namespace, ""),
                *(
                    _variable(variable_name(one), "dimension", namespace, one)
                    for one in list(dimensions)[:18]
                ),
            ],
            "panels": [_panel(namespace, panel, at) for at, panel in enumerate(panels)],
        }
    )


def metrics_of(namespace: str, panel_id: str) -> list[str]:
    """The metrics of a declared chart, by its id on the dashboard; [] for others."""
    panels = tables().get(namespace, {"panels": []})["panels"]
    lines = (panel["lines"] for at, panel in enumerate(panels) if f"t{at}" == panel_id)
    return [line["name"] for line in next(lines, []) if "name" in line]


def variable_name(dimension: str) -> str:
    """`FunctionName` as `function_name`: what the address calls the variable."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", dimension).lower()
    return "d_" + words.strip("_")[:36]


def _declared(table: Mapping[str, Any], there: Inventory) -> Iterator[dict[str, Any]]:
    """The charts of a table that have all their metrics."""
    for at, panel in enumerate(table["panels"]):
        by = tuple(sorted(panel["by"]))
        lines = [line for line in panel["lines"] if _is_there(line, by, there)]
        has_expression = any("expression" in line for line in panel["lines"])
        if not lines or (has_expression and len(lines) < len(panel["lines"])):
            continue
        yield panel | {"id": f"t{at}", "lines": lines}


def _is_there(line: Mapping[str, Any], by: DimensionNames, there: Inventory) -> bool:
    return "expression" in line or by in there.get(line["name"], {})


def _generic(there: Inventory) -> Iterator[dict[str, Any]]:
    """A chart for each metric, by the dimensions that most of its series have."""
    for at, name in enumerate(sorted(there)[:_MOST_CHARTS]):
        by = max(there[name], key=lambda names: (there[name][names], names))
        statistic = "Sum" if _COUNTED.search(name) else "Average"
        yield {
            "id": f"m{at}",
            "title": f"{name}, {statistic.lower()}",
            "by": list(by),
            "lines": [{"name": name, "statistic": statistic}],
        }


def _variable(name: str, kind: str, namespace: str, dimension: str) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "namespace": namespace,
        "dimension": dimension,
        "label": "" if dimension else name.capitalize(),
    }


def _panel(namespace: str, panel: Mapping[str, Any], at: int) -> dict[str, Any]:
    lines = panel["lines"]
    chart = {
        "kind": "line",
        "period": panel.get("period", 0),
        "y": {"from": None, "to": None, "unit": panel.get("unit", "")},
        "lines": [
            _line(namespace, panel, line, f"m{place}")
            for place, line in enumerate(lines, start=1)
        ],
    }
    return {
        "id": panel["id"],
        "kind": "chart",
        "x": at % _IN_A_ROW * _WIDTH,
        "y": at // _IN_A_ROW * _HEIGHT,
        "w": _WIDTH,
        "h": _HEIGHT,
        "title": panel["title"],
        "chart": chart,
    }


def _line(
    namespace: str, panel: Mapping[str, Any], line: Mapping[str, Any], line_id: str
) -> dict[str, Any]:
    common = {
        "id": line.get("id", line_id),
        "label": line.get("label", "") if len(panel["lines"]) > 1 else "",
        "is_hidden": line.get("hidden", False),
    }
    if "expression" in line:
        return common | {"expression": line["expression"]}
    return common | {
        "account": "${account}",
        "region": "${region}",
        "namespace": namespace,
        "name": line["name"],
        "dimensions": {name: "${" + variable_name(name) + "}" for name in panel["by"]},
        "statistic": line["statistic"],
    }
