"""Nodes of the picture: outlines, rings of outcomes, names and numbers, badges."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from apps.search.jsontree import visible
from apps.tracing.maps.escaping import escaped
from apps.tracing.maps.layout import Layout, Spacing
from apps.tracing.maps.outlines import CHANGES, SIGNS, outline, second_line
from apps.tracing.maps.picture import Change, DrawnNode, Picture
from apps.tracing.maps.servicemap import Figures

_BREAKS = "-_./: "
_LEAST_LETTERS = 4


def nodes(picture: Picture, layout: Layout[str]) -> Iterator[str]:
    writer = _Dense(layout.spacing) if picture.is_dense else _Roomy(layout.spacing)
    for node in picture.nodes:
        classes = [f"node h-{node.health} s-{node.shape}"]
        if node.change:
            classes.append(f"c-{node.change}")
        if node.id in picture.chosen:
            classes.append("chosen")
        if picture.found is not None:
            classes.append("found" if node.id in picture.found else "unfound")
        x, y = layout.places[node.id]
        yield (
            f'<g class="{" ".join(classes)}" transform="translate({x:.1f} {y:.1f})">'
            f'<a href="{escaped(node.href)}" data-id="{escaped(node.id)}" '
            f'data-x="{x:.0f}" data-y="{y:.0f}"><title>{escaped(node.title)}</title>'
        )
        yield from writer.node(node)
        yield "</a>"
        yield from badges(node, layout.spacing)
        yield "</g>"


@dataclass(frozen=True, slots=True)
class _Fit:
    """Sizes within a node: the ring, and the text beside it."""

    ring: float
    ring_x: float
    text_x: float
    letter: float
    lines: int


class _Writer:
    """Nodes of one size; outlines of the same shape are the same."""

    fit: _Fit

    def __init__(self, spacing: Spacing) -> None:
        self.spacing = spacing

    def node(self, node: DrawnNode) -> Iterator[str]:
        width, height = self.spacing.width, self.spacing.height
        inner = second_line(node.shape, width, height)
        yield f'<path class="body" d="{outline(node.shape, width, height)}"/>'
        if inner:
            yield f'<path class="rim" d="{inner}"/>'
        if node.change is Change.NEW:
            yield (
                '<path class="inner" transform="translate(3 3)" '
                f'd="{outline(node.shape, width - 6, height - 6)}"/>'
            )
        yield from _ring(node, self.fit.ring, self.fit.ring_x, height / 2)
        yield from self.words(node)
        yield self._sign(node)

    def words(self, node: DrawnNode) -> Iterator[str]:
        raise NotImplementedError

    def wrapped(self, name: str) -> list[str]:
        """A name in as many lines as there are, ended by an ellipsis where too long."""
        width = self.spacing.width - self.fit.text_x - 12
        return wrapped(visible(name), int(width / self.fit.letter), self.fit.lines)

    def _sign(self, node: DrawnNode) -> str:
        sign = CHANGES[node.change] if node.change else SIGNS[node.health]
        return (
            f'<g class="health" transform="translate({self.spacing.width - 5:g} 5)">'
            f'<circle r="7.5"/><path d="{sign}"/></g>'
        )


class _Roomy(_Writer):
    fit = _Fit(ring=14.5, ring_x=25, text_x=46, letter=7.7, lines=2)

    def words(self, node: DrawnNode) -> Iterator[str]:
        x, lines = self.fit.text_x, self.wrapped(node.name)
        caption = node.caption + (f" · {node.members} nodes" if node.members else "")
        if len(lines) == 1:
            yield f'<text class="name" x="{x:g}" y="24">{escaped(lines[0])}</text>'
            yield f'<text class="caption" x="{x:g}" y="38">{escaped(caption)}</text>'
        else:
            yield f'<text class="name" x="{x:g}" y="21">{escaped(lines[0])}'
            yield f'<tspan x="{x:g}" dy="1.16em">{escaped(lines[1])}</tspan></text>'
        yield f'<text class="numbers" x="{x:g}" y="53">{escaped(node.numbers)}</text>'
        # From afar: in larger letters, so less of it.
        y = 51 if len(lines) == 1 else 60
        yield f'<text class="brief" x="12" y="{y}">{escaped(_brief(node))}</text>'


def _brief(node: DrawnNode) -> str:
    """Calls and the share that failed, or how many nodes a group has."""
    if node.members:
        return f"{node.members} nodes"
    return " · ".join(node.numbers.split(" · ")[: 2 if node.figures.failures else 1])


class _Dense(_Writer):
    fit = _Fit(ring=10, ring_x=18, text_x=34, letter=7.2, lines=1)

    def words(self, node: DrawnNode) -> Iterator[str]:
        x, (name,) = self.fit.text_x, self.wrapped(node.name)
        yield f'<text class="name" x="{x:g}" y="15">{escaped(name)}</text>'
        yield f'<text class="numbers" x="{x:g}" y="27">{escaped(node.numbers)}</text>'


def wrapped(name: str, most: int, lines: int) -> list[str]:
    """A name broken where it has joints, within so many letters a line."""
    found: list[str] = []
    rest = name
    while len(rest) > most and len(found) + 1 < lines:
        cut = max((rest.rfind(one, 0, most) for one in _BREAKS), default=-1) + 1
        cut = cut if cut >= _LEAST_LETTERS else most
        found.append(rest[:cut])
        rest = rest[cut:]
    return [*found, rest if len(rest) <= most else rest[: most - 1] + "\u2026"]


def _ring(node: DrawnNode, radius: float, x: float, y: float) -> Iterator[str]:
    """A ring whose parts are the shares of calls that went well, in error, in fault;
    the sign of the node's type within."""
    yield f'<g class="ring" transform="translate({x:g} {y:g})"><circle r="{radius:g}"/>'
    round_ = 2 * math.pi * radius
    begin = 0.0
    for name, share in shares(node.figures):
        # What is little must still be seen.
        length = max(share * round_, 2.5)
        yield (
            f'<circle class="{name}" r="{radius:g}" transform="rotate(-90)" '
            f'stroke-dasharray="{length:.2f} {round_ - length:.2f}" '
            f'stroke-dashoffset="{-begin:.2f}"/>'
        )
        begin += share * round_
    scale = radius / 16
    yield (
        f'<use class="glyph" href="#glyph-{node.shape}" '
        f'transform="scale({scale:.2f}) translate(-8 -8)"/></g>'
    )


def shares(figures: Figures) -> list[tuple[str, float]]:
    """Kinds of outcomes with their shares of calls, those that are there at all, the
    good ones first."""
    if not figures.calls:
        return []
    kinds = (
        ("ok", figures.ok),
        ("error", figures.errors - figures.throttles),
        ("throttle", figures.throttles),
        ("fault", figures.faults),
    )
    return [(name, many / figures.calls) for name, many in kinds if many > 0]


def badges(node: DrawnNode, spacing: Spacing) -> Iterator[str]:
    """Badges at the lower edge, each a link to what it counts."""
    x = spacing.width - 8
    for sign in reversed(node.signs):
        said = f"{sign.count:,}"
        wide = 20 + 6.5 * len(said)
        x -= wide
        yield (
            f'<a class="badge b-{sign.kind}" href="{escaped(sign.url)}" '
            f'transform="translate({x:.1f} {spacing.height - 9:g})">'
            f"<title>{escaped(sign.text)}</title>"
            f'<rect width="{wide:.1f}" height="17" rx="8.5"/>'
            f'<path d="{_BADGES.get(sign.kind, _BADGES["change"])}"/>'
            f'<text x="17" y="12.5">{said}</text></a>'
        )
        x -= 4


_BADGES = {
    "alarm": "M6 12h7M7 12V8.5a2.5 2.5 0 0 1 5 0V12M9.5 4.5V6",
    "incident": "M9.5 4 14 12.5H5zM9.5 7v2.5M9.5 11v.2",
    "change": "M6 12.5l.6-2.6L11 5.5l2 2-4.4 4.4z",
    "violation": "M9.5 4 13.5 5.5V9c0 2-1.6 3.3-4 4-2.4-.7-4-2-4-4V5.5z",
}
