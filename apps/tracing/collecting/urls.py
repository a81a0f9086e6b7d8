"""Where X-Ray is switched on, and the addresses that take spans."""

from django.urls import URLPattern, path

from apps.tracing.collecting import pages
from apps.tracing.collecting.receiving import OtlpView, SegmentsView, ZipkinView

urlpatterns: list[URLPattern] = [
    path("traces/sources/", pages.scopes, name="trace-scopes"),
    path(
        "traces/sources/<int:scope_id>/switch", pages.switch, name="switch-trace-scope"
    ),
    path("traces/sources/<int:scope_id>/read", pages.again, name="read-trace-scope"),
    path("TraceSegments", SegmentsView.as_view(), name="take-segments"),
    path("api/v2/spans", ZipkinView.as_view(), name="take-zipkin"),
    path("v1/traces", OtlpView.as_view(), name="take-otlp"),
]
