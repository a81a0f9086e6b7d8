"""The picture as SVG: text and paths, coloured by classes of a style sheet. Pure.

Written by hand and not by templates: a map of 500 nodes has 10,000 elements. Every
text from outside goes through `escaped`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apps.tracing.maps.layout import Layout
from apps.tracing.maps.outlines import GLYPHS
from apps.tracing.maps.picture import DrawnNode, Picture
from apps.tracing.maps.svgedges import edges
from apps.tracing.maps.svgnodes import nodes

MARGIN = 28.0


def drawing(picture: Picture, layout: Layout[str]) -> str:
    """The whole element, sized to what it holds; edges lie below nodes."""
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    density = "dense" if picture.is_dense else "roomy"
    said = f"{len(picture.nodes)} nodes and {len(picture.edges)} edges"
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="map-picture {density}" '
            f'viewBox="{-MARGIN:g} {-MARGIN:g} {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="group" '
            f'aria-label="Service map: {said}">',
            *_definitions(picture.nodes),
            *_apart(layout),
            '<g class="edges">',
            *edges(picture, layout),
            '</g><g class="nodes">',
            *nodes(picture, layout),
            "</g></svg>",
        )
    )


def minimap(picture: Picture, layout: Layout[str]) -> str:
    """Where everything is, in little."""
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    spacing = layout.spacing
    boxes = "".join(
        f'<rect class="h-{node.health}" x="{layout.places[node.id][0]:.0f}" '
        f'y="{layout.places[node.id][1]:.0f}" width="{spacing.width:g}" '
        f'height="{spacing.height:g}"/>'
        for node in picture.nodes
    )
    return (
        f'<svg class="minimap" viewBox="{-MARGIN:g} {-MARGIN:g} {width:g} {height:g}" '
        f'preserveAspectRatio="xMidYMid meet" aria-hidden="true">{boxes}'
        '<rect class="seen" x="0" y="0" width="0" height="0"/></svg>'
    )


def _definitions(nodes: Iterable[DrawnNode]) -> Iterator[str]:
    yield "<defs>"
    for shape in sorted({node.shape for node in nodes}):
        yield f'<path id="glyph-{shape}" d="{GLYPHS[shape]}"/>'
    yield "</defs>"


def _apart(layout: Layout[str]) -> Iterator[str]:
    if layout.apart_y:
        y = layout.apart_y - layout.spacing.between_nodes * 0.7
        yield f'<g class="apart"><path d="M0 {y:g}H{layout.width:g}"/></g>'
