from django.urls import URLPattern, path

from apps.audit.relay import pages

urlpatterns: list[URLPattern] = [
    path("compliance/relay/", pages.relay, name="relay"),
    path("compliance/relay/new/<slug:relay_kind>", pages.new_relay, name="new-relay"),
    path(
        "compliance/relay/<slug:relay_kind>/<int:relay_id>/switch",
        pages.switch_relay,
        name="switch-relay",
    ),
    path(
        "compliance/relay/<slug:relay_kind>/<int:relay_id>/delete",
        pages.delete_relay,
        name="delete-relay",
    ),
    path(
        "compliance/relay/record/<int:relay_id>/retry",
        pages.retry_records,
        name="retry-records",
    ),
]
