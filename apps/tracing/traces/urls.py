"""Pages of traces: search, waterfall, two side by side."""

from django.urls import URLPattern, path, re_path

from apps.tracing.traces import exports, searchpages, tracepages

urlpatterns: list[URLPattern] = [
    path("traces/", searchpages.traces, name="traces"),
    path("traces/breakdown", searchpages.breakdown, name="traces-breakdown"),
    path("traces/complete", searchpages.complete, name="traces-complete"),
    re_path(
        r"^traces/export\.(?P<suffix>csv|ndjson)$",
        exports.export,
        name="traces-export",
    ),
    path("traces/<str:trace_id>/", tracepages.trace, name="trace"),
]
