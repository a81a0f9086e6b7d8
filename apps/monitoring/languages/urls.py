"""The page of log queries."""

from django.urls import URLPattern, path

from apps.monitoring.languages import pages, runpages
from apps.monitoring.languages.helppages import help_page
from apps.monitoring.languages.passing.pages import ask_aws

urlpatterns: list[URLPattern] = [
    path("logs/query/", pages.query_page, name="log-query"),
    path("logs/query/stream", pages.stream, name="log-query-stream"),
    path("logs/query/groups", runpages.groups, name="log-query-groups"),
    path("logs/query/help", help_page, name="log-query-help"),
    path("logs/query/history", runpages.history, name="log-query-history"),
    path("logs/query/runs/<int:run_id>", runpages.run_part, name="log-query-run"),
    path(
        "logs/query/runs/<int:run_id>/cancel",
        runpages.cancel_run,
        name="cancel-log-query",
    ),
    path("logs/query/aws", ask_aws, name="ask-aws-log-query"),
    path("logs/query/views", runpages.save_view, name="save-log-view"),
    path(
        "logs/query/views/<int:view_id>/delete",
        runpages.delete_view,
        name="delete-log-view",
    ),
]
