"""Pages of dashboards."""

from django.urls import path

from apps.monitoring.dashboards import automatic_pages, editor, incoming, pages

urlpatterns = [
    path("dashboards/", pages.dashboards, name="dashboards"),
    path("dashboards/new", pages.new_dashboard, name="new-dashboard"),
    path("dashboards/choices", pages.choices, name="dashboard-choices"),
    path("dashboards/auto/", automatic_pages.automatic_dashboards, name="automatic"),
    path(
        "dashboards/auto/show",
        automatic_pages.automatic_dashboard,
        name="automatic-dashboard",
    ),
    path("dashboards/auto/copy", automatic_pages.copy_automatic, name="copy-automatic"),
    path(
        "dashboards/auto/panels/<str:panel_id>",
        automatic_pages.automatic_panel,
        name="automatic-panel",
    ),
    path("dashboards/import/", incoming.import_dashboard, name="import-dashboard"),
    path("dashboards/import/ask", incoming.ask_dashboards, name="ask-dashboards"),
    path("dashboards/import/reads", incoming.dashboard_reads, name="dashboard-reads"),
    path(
        "dashboards/import/take/<int:one_id>",
        incoming.take_dashboard,
        name="take-dashboard",
    ),
    path("dashboards/add/", incoming.add_chart, name="add-chart"),
    path("dashboards/<slug:slug>/", pages.dashboard, name="dashboard"),
    path(
        "dashboards/<slug:slug>/panels/<str:panel_id>",
        pages.dashboard_panel,
        name="dashboard-panel",
    ),
    path("dashboards/<slug:slug>/edit", editor.edit_dashboard, name="edit-dashboard"),
    path("dashboards/<slug:slug>/copy", pages.copy_dashboard, name="copy-dashboard"),
    path("dashboards/<slug:slug>/share", pages.share_dashboard, name="share-dashboard"),
    path(
        "dashboards/<slug:slug>/delete",
        pages.delete_dashboard,
        name="delete-dashboard",
    ),
    path("dashboards/<slug:slug>/history", pages.history, name="dashboard-history"),
    path(
        "dashboards/<slug:slug>/history/<int:number>/restore",
        pages.restore_dashboard,
        name="restore-dashboard",
    ),
    path("dashboards/<slug:slug>/export", pages.export_page, name="dashboard-export"),
    path(
        "dashboards/<slug:slug>/export.json",
        pages.export_dashboard,
        name="dashboard-file",
    ),
]
