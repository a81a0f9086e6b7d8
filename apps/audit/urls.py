from django.urls import URLPattern, path

from apps.audit import sources, views
from apps.audit.compliance.urls import urlpatterns as compliance
from apps.audit.history import pages, queries
from apps.audit.relay.urls import urlpatterns as relay
from apps.audit.remediation.urls import urlpatterns as remediation

urlpatterns: list[URLPattern] = [
    *compliance,
    *relay,
    *remediation,
    path("actors/", views.actors, name="actors"),
    path("actors/actor", views.actor, name="actor"),
    path("actors/session", views.session, name="session"),
    path("resources/", views.resources, name="resources"),
    path("resources/resource", pages.resource, name="resource"),
    path("inventory/", pages.inventory, name="inventory"),
    path("inventory/queries/", queries.query_page, name="inventory-query"),
    path("inventory/queries/save", queries.save_query, name="save-inventory-query"),
    path(
        "inventory/queries/<int:select_id>/delete",
        queries.delete_query,
        name="delete-inventory-query",
    ),
    path("inventory/export.csv", pages.export, {"form": "csv"}, name="inventory-csv"),
    path(
        "inventory/export.json", pages.export, {"form": "json"}, name="inventory-json"
    ),
    path(
        "inventory/resources/<int:resource_id>/",
        pages.inventory_resource,
        name="inventory-resource",
    ),
    path("sources/", sources.sources, name="sources"),
    path("sources/imports", sources.runs, name="import-runs"),
    path(
        "sources/imports/<int:run_id>/cancel",
        sources.cancel_import,
        name="cancel-import",
    ),
    path("sources/new/<slug:kind>", sources.new_source, name="new-source"),
    path("sources/<int:source_id>/", sources.source, name="source"),
    path("sources/<int:source_id>/switch", sources.switch_source, name="switch-source"),
    path("sources/<int:source_id>/read", sources.read_source_now, name="read-source"),
    path("sources/<int:source_id>/delete", sources.delete_source, name="delete-source"),
    path("quarantine/", sources.quarantined, name="quarantine"),
    path("quarantine/settle", sources.settle, name="settle-quarantine"),
]
