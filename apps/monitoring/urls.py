"""Pages of metrics, charts, dashboards, alarms and logs: a list for each room."""

from django.urls import URLPattern

from apps.monitoring.alarms.urls import urlpatterns as alarms
from apps.monitoring.charts.urls import urlpatterns as charts
from apps.monitoring.dashboards.urls import urlpatterns as dashboards
from apps.monitoring.incidents.urls import urlpatterns as incidents
from apps.monitoring.languages.urls import urlpatterns as languages
from apps.monitoring.logs.urls import urlpatterns as logs
from apps.monitoring.metrics.urls import urlpatterns as metrics
from apps.monitoring.notifications.urls import urlpatterns as notifications

urlpatterns: list[URLPattern] = [
    *metrics,
    *incidents,
    *notifications,
    *alarms,
    *charts,
    *dashboards,
    *logs,
    *languages,
]
