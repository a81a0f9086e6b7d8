"""Every page and every REST route."""

from django.urls import include, path

from dashboard import api, health, views

handler400 = "dashboard.views.bad_request"
handler403 = "dashboard.views.forbidden"
handler404 = "dashboard.views.not_found"
handler500 = "dashboard.views.failed"

urlpatterns = [
    path("", views.home, name="home"),
    path("help/query/", views.query_help, name="query-help"),
    path("settings/retention/", views.retention, name="retention"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include(api.urlpatterns)),
    path("", include("apps.search.urls")),
    path("", include("apps.discovery.urls")),
    path("", include("apps.monitoring.urls")),
    path("", include("apps.tracing.urls")),
    path("", include("apps.audit.urls")),
]
