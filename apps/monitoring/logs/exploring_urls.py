"""Pages that Explore leads to from log lines."""

from django.urls import URLPattern, path

from apps.monitoring.logs import patternpages, tracepages

urlpatterns: list[URLPattern] = [
    path("logs/trace/<str:trace_id>/", tracepages.trace, name="log-trace"),
    path("logs/patterns/", patternpages.patterns_page, name="log-patterns"),
]
