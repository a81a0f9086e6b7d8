"""Pages of metrics, charts, dashboards, alarms and logs."""

from django.urls import URLPattern, path

from apps.monitoring.alarms import views as alarms
from apps.monitoring.dashboards.urls import urlpatterns as dashboards

urlpatterns: list[URLPattern] = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:alarm_id>/", alarms.alarm, name="alarm"),
    *dashboards,
]
