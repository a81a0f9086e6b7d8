from django.urls import URLPattern, path

from apps.audit.relay import pages

urlpatterns: list[URLPattern] = [
    path("compliance/relay/", pages.relay, name="relay"),
    path("compliance/relay/new/<slug:kind>", pages.new_relay, name="new-relay"),
    path(
        "compliance/relay/<slug:kind>/<int:row_id>/switch",
        pages.switch_relay,
        name="switch-relay",
    ),
    path(
        "compliance/relay/<slug:kind>/<int:row_id>/delete",
        pages.delete_relay,
        name="delete-relay",
    ),
    path(
        "compliance/relay/record/<int:row_id>/retry",
        pages.retry_records,
        name="retry-records",
    ),
]
