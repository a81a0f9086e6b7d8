"""Pages of traces: search, waterfall, two side by side."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
