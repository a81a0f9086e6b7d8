"""What other tools read: the query APIs of Jaeger and Zipkin.

Some releases of Grafana drop the path of a data source's address where it searches for
traces in Jaeger: that one question is answered at the root, too.
"""

from django.urls import URLPattern, path

from apps.tracing.exchange import jaegerviews as jaeger
from apps.tracing.exchange import zipkinviews as zipkin

_JAEGER, _ZIPKIN = "jaeger/api/", "zipkin/api/v2/"

urlpatterns: list[URLPattern] = [
    path(f"{_JAEGER}services", jaeger.ServicesView.as_view(), name="jaeger-services"),
    path(
        f"{_JAEGER}services/<path:service>/operations",
        jaeger.ServiceOperationsView.as_view(),
        name="jaeger-service-operations",
    ),
    path(
        f"{_JAEGER}operations",
        jaeger.OperationsView.as_view(),
        name="jaeger-operations",
    ),
    path(f"{_JAEGER}traces", jaeger.TracesView.as_view(), name="jaeger-traces"),
    path("api/traces", jaeger.TracesView.as_view(), name="jaeger-traces-at-root"),
    path(
        f"{_JAEGER}traces/<str:trace_id>",
        jaeger.TraceView.as_view(),
        name="jaeger-trace",
    ),
    path(
        f"{_JAEGER}dependencies",
        jaeger.DependenciesView.as_view(),
        name="jaeger-dependencies",
    ),
    path(f"{_ZIPKIN}services", zipkin.ServicesView.as_view(), name="zipkin-services"),
    path(f"{_ZIPKIN}spans", zipkin.SpanNamesView.as_view(), name="zipkin-spans"),
    path(
        f"{_ZIPKIN}remoteServices",
        zipkin.RemoteServicesView.as_view(),
        name="zipkin-remote-services",
    ),
    path(f"{_ZIPKIN}traces", zipkin.TracesView.as_view(), name="zipkin-traces"),
    path(
        f"{_ZIPKIN}trace/<str:trace_id>",
        zipkin.TraceView.as_view(),
        name="zipkin-trace",
    ),
    path(
        f"{_ZIPKIN}traceMany", zipkin.TraceManyView.as_view(), name="zipkin-trace-many"
    ),
    path(
        f"{_ZIPKIN}dependencies",
        zipkin.DependenciesView.as_view(),
        name="zipkin-dependencies",
    ),
    path(
        f"{_ZIPKIN}autocompleteKeys",
        zipkin.AutocompleteKeysView.as_view(),
        name="zipkin-keys",
    ),
    path(
        f"{_ZIPKIN}autocompleteValues",
        zipkin.AutocompleteValuesView.as_view(),
        name="zipkin-values",
    ),
]
