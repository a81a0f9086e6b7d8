"""Pages of metrics, charts, dashboards, alarms and logs: a list for each room."""

from django.urls import path

from apps.monitoring.alarms.urls import urlpatterns as alarms
from apps.monitoring.dashboards.urls import urlpatterns as dashboards

urlpatterns: list[URLPattern] = [
    *alarms,
    *dashboards,
from apps.monitoring.metrics import collectionpages

urlpatterns = [
    path("metrics/collection/", collectionpages.collection, name="collection"),
    path(
        "metrics/collection/<str:number>/",
        collectionpages.metric_plan,
        name="metric-plan",
    ),
    path(
        "metrics/collection/<str:number>/switch",
        collectionpages.switch_collection,
        name="switch-collection",
    ),
    path(
        "metrics/collection/<str:number>/list",
        collectionpages.list_now,
        name="list-metrics",
    ),
from apps.monitoring.alarms import views as alarms
from apps.monitoring.dashboards.urls import urlpatterns as dashboards

urlpatterns: list[URLPattern] = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:alarm_id>/", alarms.alarm, name="alarm"),
    *dashboards,
]
