"""Outlines of nodes and their signs, as SVG paths. Pure."""

from __future__ import annotations

from functools import cache

from apps.tracing.maps.health import Health
from apps.tracing.maps.looks import Shape
from apps.tracing.maps.picture import Change

GLYPHS = {
    Shape.CLIENT: "M8 8.2a3.1 3.1 0 1 0 0-6.2 3.1 3.1 0 0 0 0 6.2zM2.6 14c.4-2.9 2.5-4.4 5.4-4.4s5 1.5 5.4 4.4",
    Shape.SERVICE: "M8 1.8 13.4 5v6L8 14.2 2.6 11V5zM2.8 5.1 8 8.1l5.2-3M8 8.1v6",
    Shape.FUNCTION: "M3.6 2.4h2.2l5 11.2h2M7.2 5.9 3.8 13.6",
    Shape.QUEUE: "M2 4.2h12M2 8h12M2 11.8h12M4.6 2.6v3.2M8 6.4v3.2M11.4 10.2v3.2",
    Shape.DATABASE: "M2.8 4c0-1.3 2.3-2.2 5.2-2.2s5.2.9 5.2 2.2-2.3 2.2-5.2 2.2S2.8 5.3 2.8 4zM2.8 4v8c0 1.3 2.3 2.2 5.2 2.2s5.2-.9 5.2-2.2V4M2.8 8c0 1.3 2.3 2.2 5.2 2.2s5.2-.9 5.2-2.2",
    Shape.BUCKET: "M2.3 3.8c0-.9 2.5-1.6 5.7-1.6s5.7.7 5.7 1.6-2.5 1.6-5.7 1.6-5.7-.7-5.7-1.6zM2.3 3.8l1.5 9c.2.8 2 1.4 4.2 1.4s4-.6 4.2-1.4l1.5-9",
    Shape.GATEWAY: "M2 8h5M9 8h5M11 5l3 3-3 3M4.5 2.5h7M4.5 13.5h7M7 5.5v5M9 5.5v5",
    Shape.EXTERNAL: "M8 14.2a6.2 6.2 0 1 0 0-12.4 6.2 6.2 0 0 0 0 12.4zM2 8h12M8 1.9c2 1.7 2.8 3.7 2.8 6.1S10 12.4 8 14.1C6 12.4 5.2 10.4 5.2 8S6 3.6 8 1.9z",
    Shape.OTHER: "M2.6 2.6h10.8v10.8H2.6zM6 8h4",
    Shape.GROUP: "M2 2.5h5v4.5H2zM9 2.5h5v4.5H9zM2 9h5v4.5H2zM9 9h5v4.5H9z",
}  # fmt: skip

SIGNS = {
    Health.FAILING: "M-3 -3 3 3M3 -3-3 3",
    Health.TROUBLED: "M0 -3.6V.8M0 3.2v.2",
    Health.GOOD: "M-3 .2-.8 2.6 3.2-2.4",
    Health.IDLE: "M-3 0H3",
}
CHANGES = {
    Change.NEW: "M0 -3.6V3.6M-3.6 0H3.6",
    Change.GONE: "M-3.6 0H3.6",
    Change.WORSE: "M0 -3.6V3.4M-3 .4 0 3.6 3 .4",
    Change.BETTER: "M0 3.6V-3.4M-3 -.4 0 -3.6 3 -.4",
}


@cache
def outline(shape: Shape, width: float, height: float) -> str:
    """The outline of a node whose upper left corner is at 0, 0."""
    w, h = f"{width:g}", f"{height:g}"
    drawers = {
        Shape.CLIENT: _stadium,
        Shape.FUNCTION: _hexagon,
        Shape.QUEUE: _pipe,
        Shape.DATABASE: _cylinder,
        Shape.BUCKET: _trapezoid,
        Shape.GATEWAY: _octagon,
        Shape.EXTERNAL: _slanted,
    }
    if shape in drawers:
        return drawers[shape](width, height)
    corner = 2 if shape is Shape.OTHER else 10
    return (
        f"M{corner} 0H{width - corner:g}Q{w} 0 {w} {corner}V{height - corner:g}"
        f"Q{w} {h} {width - corner:g} {h}H{corner}Q0 {h} 0 {height - corner:g}"
        f"V{corner}Q0 0 {corner} 0Z"
    )


def second_line(shape: Shape, width: float, height: float) -> str:
    """What an outline has inside: the rim of a cylinder; empty for most."""
    if shape is Shape.DATABASE:
        return f"M0 6C0 14 {width:g} 14 {width:g} 6"
    if shape is Shape.QUEUE:
        x = width - 9
        return f"M{x:g} 0C{x - 9:g} 0 {x - 9:g} {height:g} {x:g} {height:g}"
    if shape is Shape.GROUP:
        return f"M10 -4H{width - 6:g}Q{width + 4:g} -4 {width + 4:g} 6V{height - 10:g}"
    return ""


def _stadium(w: float, h: float) -> str:
    r = h / 2
    return f"M{r:g} 0H{w - r:g}A{r:g} {r:g} 0 0 1 {w - r:g} {h:g}H{r:g}A{r:g} {r:g} 0 0 1 {r:g} 0Z"


def _hexagon(w: float, h: float) -> str:
    c = h / 4
    return f"M{c:g} 0H{w - c:g}L{w:g} {h / 2:g}L{w - c:g} {h:g}H{c:g}L0 {h / 2:g}Z"


def _pipe(w: float, h: float) -> str:
    x = w - 9
    return f"M9 0H{x:g}C{w + 3:g} 0 {w + 3:g} {h:g} {x:g} {h:g}H9C-3 {h:g} -3 0 9 0Z"


def _cylinder(w: float, h: float) -> str:
    return (
        f"M0 6C0 -2 {w:g} -2 {w:g} 6V{h - 6:g}C{w:g} {h + 2:g} 0 {h + 2:g} 0 {h - 6:g}Z"
    )


def _trapezoid(w: float, h: float) -> str:
    return f"M2 0H{w - 2:g}Q{w:g} 0 {w - 0.5:g} 3L{w - 9:g} {h - 4:g}Q{w - 10:g} {h:g} {w - 14:g} {h:g}H14Q10 {h:g} 9 {h - 4:g}L0.5 3Q0 0 2 0Z"


def _octagon(w: float, h: float) -> str:
    c = 11.0
    return f"M{c:g} 0H{w - c:g}L{w:g} {c:g}V{h - c:g}L{w - c:g} {h:g}H{c:g}L0 {h - c:g}V{c:g}Z"


def _slanted(w: float, h: float) -> str:
    c = 10.0
    return f"M{c:g} 0H{w:g}L{w - c:g} {h:g}H0Z"
