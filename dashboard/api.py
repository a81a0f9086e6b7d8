"""The REST route table: one line a view."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from apps.discovery.api import AccountsView, MeView
from apps.monitoring.alarms.api import AlarmHistoryView, AlarmsView, AlarmView
from apps.monitoring.charts.api import MetricDataView, MetricsView
from apps.search.api import DocumentView, FacetsView, HistogramView, SearchView

urlpatterns = [
    path("schema", login_not_required(SpectacularAPIView.as_view()), name="api-schema"),
    path("me", MeView.as_view(), name="api-me"),
    path("metrics", MetricsView.as_view(), name="api-metrics"),
    path("metrics/data", MetricDataView.as_view(), name="api-metric-data"),
    path("accounts", AccountsView.as_view(), name="api-accounts"),
    path("alarms", AlarmsView.as_view(), name="api-alarms"),
    path("alarms/<int:alarm_id>", AlarmView.as_view(), name="api-alarm"),
    path(
        "alarms/<int:alarm_id>/history",
        AlarmHistoryView.as_view(),
        name="api-alarm-history",
    ),
    path("search/<slug:kind_name>", SearchView.as_view(), name="api-search"),
    path(
        "search/<slug:kind_name>/histogram",
        HistogramView.as_view(),
        name="api-histogram",
    ),
    path("search/<slug:kind_name>/facets", FacetsView.as_view(), name="api-facets"),
    path(
        "search/<slug:kind_name>/<path:document_id>",
        DocumentView.as_view(),
        name="api-document",
    ),
]
