"""Pages of metrics, charts, dashboards, alarms and logs: a list for each room."""

from django.urls import URLPattern

from apps.monitoring.alarms.urls import urlpatterns as alarms
from apps.monitoring.charts.urls import urlpatterns as charts
from apps.monitoring.dashboards.urls import urlpatterns as dashboards

urlpatterns: list[URLPattern] = [
    *alarms,
    *charts,
    *dashboards,
]
