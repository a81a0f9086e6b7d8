"""What the URL of a page about charts says: the chart, the range, changes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest, QueryDict

from apps.monitoring.charts.places import SpecError
from apps.monitoring.charts.specs import ChartSpec

DEFAULT_SINCE, DEFAULT_UNTIL = "now-3h", "now"
# What pages about charts hand on: the time, the scope of the browser, and the panel
# of a dashboard that the chart was opened from and may be saved back to.
KEPT = ("since", "until", "account", "region", "dashboard", "panel")


def kept(parameters: QueryDict) -> list[tuple[str, str]]:
    return [(name, str(parameters[name])) for name in KEPT if parameters.get(name)]


# A page of GET parameters; more is sent to the API by POST.
MAX_SPEC = 60_000


def spec_of(text: str) -> ChartSpec:
    """The chart of parameter `chart`. Raises SpecError."""
    if not text:
        return ChartSpec()
    if len(text) > MAX_SPEC:
        raise SpecError("chart", f"longer than {MAX_SPEC:,} characters")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SpecError("chart", f"is no JSON: {error}") from None
    return ChartSpec.parse(value)


def with_times(request: HttpRequest) -> dict[str, list[str]]:
    """The parameters, with this page's own range where none is said."""
    parameters: dict[str, list[str]] = dict(request.GET.lists())
    since = "".join(parameters.get("since", ())[:1]) or DEFAULT_SINCE
    until = "".join(parameters.get("until", ())[:1]) or DEFAULT_UNTIL
    return {**parameters, "since": [since], "until": [until]}


def changed_chart(text: str, form: QueryDict) -> dict[str, Any]:
    """The JSON of a chart as the builder's form changes it; not checked yet.

    Fields `title`, `kind`, ... are the chart's, `lines-0-label` those of its lines.
    Raises SpecError where the chart that is changed cannot be read.
    """
    value = spec_of(text).as_json()
    value |= {name: form[name] for name in ("title", "kind", "compare") if name in form}
    if "period" in form:
        value["period"] = _whole(form.get("period", ""))
    if "band" in form:
        value["band"] = _band(form)
    if "y-unit" in form:
        value["y"] = {
            "from": _number(form.get("y-from", ""), "y.from"),
            "to": _number(form.get("y-to", ""), "y.to"),
            "unit": form["y-unit"],
        }
    value["lines"] = _changed_lines(value["lines"], form)
    value["lines"] += _added(value["lines"], form)
    return _without_orphans(value)


def _changed_lines(
    lines: Sequence[Mapping[str, Any]], form: QueryDict
) -> list[dict[str, Any]]:
    removed = set(form.getlist("remove"))
    kept = []
    for at, line in enumerate(lines):
        prefix = f"lines-{at}-"
        fields = ("label", "statistic", "fill", "axis", "expression")
        said: dict[str, Any] = {
            name: form[prefix + name]
            for name in fields
            if prefix + name in form and name in line
        }
        if prefix + "fill" in form:
            said["is_hidden"] = prefix + "is_hidden" in form
            if form[prefix + "fill"] == "number":
                said["fill"] = form.get(prefix + "number", "") or "0"
        if line["id"] not in removed:
            kept.append({**line, **said})
    return kept


def _added(lines: Sequence[Mapping[str, Any]], form: QueryDict) -> list[dict[str, Any]]:
    """Expressions typed, or made by a shortcut such as `rate` of a line."""
    ids = [str(line["id"]) for line in lines]
    added: list[dict[str, Any]] = []
    texts = [form.get("add-expression", "").strip()]
    texts += [f"RATE({one})" for one in form.getlist("rate") if one in ids]
    for text in filter(None, texts):
        name = free_id([*ids, *(one["id"] for one in added)], "e")
        added.append({"id": name, "expression": text})
    return added


def free_id(taken: Sequence[str], letter: str) -> str:
    """The first of e1, e2 ... that no line has."""
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def _band(form: QueryDict) -> dict[str, Any] | None:
    if not form["band"]:
        return None
    width = _number(form.get("width", ""), "band.width")
    return {"of": form["band"], "width": 2.0 if width is None else width}


def _without_orphans(value: dict[str, Any]) -> dict[str, Any]:
    """A band goes with its line."""
    ids = [line["id"] for line in value["lines"]]
    if value["band"] and value["band"]["of"] not in ids:
        value["band"] = None
    return value


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > len("86400"):
        raise SpecError("period", "expected whole seconds")
    return int(text)


def _number(text: str, place: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise SpecError(place, f"{text!r} is no number") from None
