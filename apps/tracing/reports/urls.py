"""Pages of the chattiness report and of caches."""

from django.urls import URLPattern, path

from apps.tracing.reports import pages

urlpatterns: list[URLPattern] = [
    path("traces/chattiness/", pages.chattiness_page, name="chattiness"),
    path("traces/caches/", pages.caches_page, name="caches"),
]
