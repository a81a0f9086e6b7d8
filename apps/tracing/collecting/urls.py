"""Where X-Ray is switched on, and the addresses that take spans."""

from django.urls import URLPattern, path

from apps.tracing.collecting.receiving import OtlpView, SegmentsView, ZipkinView

urlpatterns: list[URLPattern] = [
    path("TraceSegments", SegmentsView.as_view(), name="take-segments"),
    path("api/v2/spans", ZipkinView.as_view(), name="take-zipkin"),
    path("v1/traces", OtlpView.as_view(), name="take-otlp"),
]
