"""Pages of metrics, charts, dashboards, alarms and logs."""

from django.urls import URLPattern

from apps.monitoring.dashboards.urls import urlpatterns as dashboards

urlpatterns: list[URLPattern] = [*dashboards]
