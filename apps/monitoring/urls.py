"""Pages of metrics, charts, dashboards, alarms and logs."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
