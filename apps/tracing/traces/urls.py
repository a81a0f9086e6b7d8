"""Pages of traces: search, waterfall, two side by side."""

from django.urls import URLPattern, path, re_path

from apps.tracing.traces import (
    comparisonpages,
    exports,
    searchpages,
    spanpages,
    tracepages,
)

urlpatterns: list[URLPattern] = [
    path("traces/", searchpages.traces, name="traces"),
    path("traces/breakdown", searchpages.breakdown, name="traces-breakdown"),
    path("traces/complete", searchpages.complete, name="traces-complete"),
    re_path(
        r"^traces/export\.(?P<suffix>csv|ndjson)$",
        exports.export,
        name="traces-export",
    ),
    path("traces/compare/", comparisonpages.comparison, name="trace-comparison"),
    path("traces/<str:trace_id>/peers", comparisonpages.peers, name="trace-peers"),
    path("traces/<str:trace_id>/", tracepages.trace, name="trace"),
    path("traces/<str:trace_id>/map", tracepages.trace_map_part, name="trace-map"),
    path("traces/<str:trace_id>/rows", tracepages.rows, name="trace-rows"),
    path("traces/<str:trace_id>/spans/<str:key>", spanpages.span, name="trace-span"),
]
