"""Pages of log lines, and the addresses AWS delivers them to."""

from django.urls import URLPattern, path

from apps.monitoring.logs import firehose, patternpages, tracepages

urlpatterns: list[URLPattern] = [
    path("logs/trace/<str:trace_id>/", tracepages.trace, name="log-trace"),
    path("logs/patterns/", patternpages.patterns_page, name="log-patterns"),
    path("ingest/firehose/<int:source_id>", firehose.firehose, name="ingest-firehose"),
    path("ingest/lambda/<int:source_id>", firehose.function, name="ingest-lambda"),
]
