"""Pages of metrics, charts, dashboards, alarms and logs."""

from django.urls import path

from apps.monitoring.logs import firehose

urlpatterns = [
    path("ingest/firehose/<int:source_id>", firehose.firehose, name="ingest-firehose"),
    path("ingest/lambda/<int:source_id>", firehose.function, name="ingest-lambda"),
]
