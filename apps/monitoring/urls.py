"""Pages of metrics, charts, dashboards, alarms and logs."""

from django.urls import URLPattern, path

from apps.monitoring.alarms import views as alarms
from apps.monitoring.logs import patternpages

urlpatterns: list[URLPattern] = [
    path("logs/patterns/", patternpages.patterns_page, name="log-patterns"),
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:alarm_id>/", alarms.alarm, name="alarm"),
]
