"""Pages of log lines, groups and sources, and the addresses AWS delivers to."""

from django.urls import URLPattern, path

from apps.monitoring.logs import (
    firehose,
    grouppage,
    grouppages,
    patternpages,
    sourcepages,
    tracepages,
)

urlpatterns: list[URLPattern] = [
    path("logs/trace/<str:trace_id>/", tracepages.trace, name="log-trace"),
    path("logs/patterns/", patternpages.patterns_page, name="log-patterns"),
    path("logs/groups/", grouppages.groups, name="log-groups"),
    path("logs/groups.csv", grouppages.groups_csv, name="log-groups-csv"),
    path("logs/groups/collect", grouppages.collect, name="collect-log-groups"),
    path("logs/groups/<int:group_id>/", grouppage.group, name="log-group"),
    path(
        "logs/regions/<int:scope_id>/switch",
        grouppages.switch_scope,
        name="switch-log-scope",
    ),
    path("logs/sources/", sourcepages.sources, name="log-sources"),
    path("logs/sources/new/<slug:kind>", sourcepages.new_source, name="new-log-source"),
    path("logs/sources/<int:log_source_id>/", sourcepages.source, name="log-source"),
    path(
        "logs/sources/<int:log_source_id>/switch",
        sourcepages.switch_source,
        name="switch-log-source",
    ),
    path(
        "logs/sources/<int:log_source_id>/read",
        sourcepages.read_source_now,
        name="read-log-source",
    ),
    path(
        "logs/sources/<int:log_source_id>/key",
        sourcepages.rotate_key,
        name="rotate-log-key",
    ),
    path(
        "logs/sources/<int:log_source_id>/delete",
        sourcepages.delete_source,
        name="delete-log-source",
    ),
    path("ingest/firehose/<int:source_id>", firehose.firehose, name="ingest-firehose"),
    path("ingest/lambda/<int:source_id>", firehose.function, name="ingest-lambda"),
]
