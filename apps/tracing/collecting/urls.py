"""Where X-Ray is switched on, and the addresses that take spans."""

from django.urls import URLPattern, path

from apps.tracing.collecting import pages

urlpatterns: list[URLPattern] = [
    path("traces/sources/", pages.scopes, name="trace-scopes"),
    path(
        "traces/sources/<int:scope_id>/switch", pages.switch, name="switch-trace-scope"
    ),
    path("traces/sources/<int:scope_id>/read", pages.again, name="read-trace-scope"),
]
