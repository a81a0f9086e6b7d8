"""Changes of a layout, one at a time. Pure.

Panels never lie on each other: whoever is moved or grows pushes others down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apps.monitoring.dashboards.layouts import (
    COLUMNS,
    MOST_ROWS,
    DashboardSpec,
    Panel,
    PanelKind,
)

_STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_SIZES = {"narrower": (-1, 0), "wider": (1, 0), "shorter": (0, -1), "taller": (0, 1)}
DIRECTIONS = (*_STEPS, *_SIZES)
_NEW_SIZES: dict[PanelKind, tuple[int, int]] = {
    "chart": (12, 6),
    "table": (12, 6),
    "value": (6, 4),
    "text": (12, 3),
}


def moved(spec: DashboardSpec, panel_id: str, direction: str) -> DashboardSpec:
    """The layout after one step of a panel: its place by a direction of left, right,
    up and down, its size by narrower, wider, shorter and taller."""
    panel = spec.panel(panel_id)
    if panel is None:
        return spec
    dx, dy = _STEPS.get(direction, (0, 0))
    dw, dh = _SIZES.get(direction, (0, 0))
    w = min(max(1, panel.w + dw), COLUMNS)
    stepped = replace(
        panel,
        x=min(max(0, panel.x + dx), COLUMNS - w),
        y=max(0, panel.y + dy),
        w=w,
        h=min(max(1, panel.h + dh), MOST_ROWS),
    )
    return put(spec, stepped)


def put(spec: DashboardSpec, panel: Panel) -> DashboardSpec:
    """The layout with this panel in the place of the one with its id, others pushed
    out of its way."""
    panels = tuple(panel if one.id == panel.id else one for one in spec.panels)
    return replace(spec, panels=_apart(panels, panel))


def added(
    spec: DashboardSpec, panel: Panel, size: tuple[int, int] | None = None
) -> DashboardSpec:
    """The layout with one more panel: beside the last row if it fits, else below."""
    w, h = size or _NEW_SIZES[panel.kind]
    x, y = _free_place(spec.panels, w)
    placed = replace(panel, id=new_id(spec), x=x, y=y, w=w, h=h)
    return replace(spec, panels=(*spec.panels, placed))


def removed(spec: DashboardSpec, panel_id: str) -> DashboardSpec:
    kept = tuple(one for one in spec.panels if one.id != panel_id)
    return replace(spec, panels=kept)


def closed_up(spec: DashboardSpec) -> DashboardSpec:
    """The layout without rows that nothing needs: each panel as far up as it goes."""
    settled: list[Panel] = []
    for panel in in_reading_order(spec.panels):
        above = [one for one in settled if _beside(one, panel)]
        y = max((one.y + one.h for one in above), default=0)
        settled.append(replace(panel, y=min(panel.y, y)))
    places = {one.id: one for one in settled}
    return replace(spec, panels=tuple(places[one.id] for one in spec.panels))


def in_reading_order(panels: Sequence[Panel]) -> list[Panel]:
    """From the top left: how panels follow each other where there is one column."""
    return sorted(panels, key=lambda panel: (panel.y, panel.x))


def new_id(spec: DashboardSpec) -> str:
    taken = {one.id for one in spec.panels}
    return next(f"p{at}" for at in range(1, 10_000) if f"p{at}" not in taken)


def _apart(panels: Sequence[Panel], fixed: Panel) -> tuple[Panel, ...]:
    """The panels pushed down until none lies on another; `fixed` stays."""
    settled = [fixed]
    for panel in in_reading_order([one for one in panels if one.id != fixed.id]):
        settled.append(_below(panel, settled))
    places = {one.id: one for one in settled}
    return tuple(places[one.id] for one in panels)


def _below(panel: Panel, settled: Sequence[Panel]) -> Panel:
    """The panel at its place, or the first free one further down."""
    while True:
        under = [one for one in settled if _overlap(one, panel)]
        if not under:
            return panel
        panel = replace(panel, y=max(one.y + one.h for one in under))


def _overlap(one: Panel, other: Panel) -> bool:
    is_level = one.y < other.y + other.h and other.y < one.y + one.h
    return is_level and _beside(one, other)


def _beside(one: Panel, other: Panel) -> bool:
    """Whether two panels share a column."""
    return one.x < other.x + other.w and other.x < one.x + one.w


def _free_place(panels: Sequence[Panel], w: int) -> tuple[int, int]:
    if not panels:
        return 0, 0
    last = in_reading_order(panels)[-1]
    bottom = max(one.y + one.h for one in panels)
    is_lowest = last.y + last.h == bottom
    after = last.x + last.w
    return (after, last.y) if is_lowest and after + w <= COLUMNS else (0, bottom)
