"""Pages of tracing: a list for each room."""

from django.urls import URLPattern

from apps.tracing.collecting.urls import urlpatterns as collecting
from apps.tracing.exchange.urls import urlpatterns as exchange
from apps.tracing.maps.urls import urlpatterns as maps
from apps.tracing.reports.urls import urlpatterns as reports
from apps.tracing.traces.urls import urlpatterns as traces

urlpatterns: list[URLPattern] = [
    *maps,
    *reports,
    *collecting,
    *traces,
    *exchange,
]
