"""Pages of metrics, charts, dashboards, alarms and logs."""

from django.urls import URLPattern, path

from apps.monitoring.alarms import views as alarms
from apps.monitoring.logs import patternpages, tracepages

urlpatterns: list[URLPattern] = [
    path("logs/trace/<str:trace_id>/", tracepages.trace, name="log-trace"),
    path("logs/patterns/", patternpages.patterns_page, name="log-patterns"),
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:alarm_id>/", alarms.alarm, name="alarm"),
]
