"""Figures are plotly's own language, and their twins have the same numbers."""

import plotly.graph_objects as go

from apps.search.charts import histogram_figure, histogram_rows, series_names
from apps.search.engines.base import OTHER_SERIES, WITHOUT_SERIES, Histogram

HISTOGRAM = Histogram(
    60_000,
    (1_782_907_200_000, 1_782_907_260_000, 1_782_907_320_000),
    {
        "<b>AccessDenied</b>": (1, 0, 0),
        OTHER_SERIES: (2, 0, 1),
        WITHOUT_SERIES: (3, 0, 4),
    },
)


def test_plotly_accepts_every_part_of_the_figure() -> None:
    figure = histogram_figure(HISTOGRAM, "No error")

    go.Figure(
        data=[{**bar, "marker": {"color": "red"}} for bar in figure["data"]],
        layout=figure["layout"],
    )


def test_those_without_a_value_are_drawn_at_the_bottom() -> None:
    names = [bar["name"] for bar in histogram_figure(HISTOGRAM, "No error")["data"]]

    assert names == ["No error", "<b>AccessDenied</b>", "Other values"]


def test_a_bar_knows_its_place_in_the_legend() -> None:
    legend = list(series_names(HISTOGRAM, "No error").values())

    for bar in histogram_figure(HISTOGRAM, "No error")["data"]:
        assert legend[bar["meta"]] == bar["name"]


def test_names_are_no_markup_in_hover_texts() -> None:
    hovers = [bar["hovertemplate"] for bar in histogram_figure(HISTOGRAM, "")["data"]]

    assert any("&lt;b&gt;AccessDenied" in hover for hover in hovers)
    assert not any("<b>" in hover for hover in hovers)


def test_the_table_twin_leaves_empty_buckets_out() -> None:
    assert [row["counts"] for row in histogram_rows(HISTOGRAM)] == [
        [1, 2, 3],
        [0, 1, 4],
    ]
