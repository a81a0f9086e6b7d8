"""The page of log queries."""

from django.urls import URLPattern, path

from apps.monitoring.languages import pages

urlpatterns: list[URLPattern] = [
    path("logs/query/", pages.query_page, name="log-query"),
    path("logs/query/stream", pages.stream, name="log-query-stream"),
]
