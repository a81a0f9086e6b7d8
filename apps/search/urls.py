from django.urls import path, re_path

from apps.search import contextview, documentview, savedviews, streams, tails, views

urlpatterns = [
    path("explore/<slug:kind_name>/", views.explore, name="explore"),
    path("explore/<slug:kind_name>/rows", views.more_rows, name="explore-rows"),
    path("explore/<slug:kind_name>/facets", views.facets, name="explore-facets"),
    path("explore/<slug:kind_name>/fields", views.fields, name="explore-fields"),
    path("explore/<slug:kind_name>/complete", views.complete, name="explore-complete"),
    path("explore/<slug:kind_name>/value", views.value_menu, name="explore-value"),
    path("explore/<slug:kind_name>/tail", tails.tail, name="explore-tail"),
    re_path(
        r"^explore/(?P<kind_name>[-\w]+)/export\.(?P<suffix>csv|ndjson)$",
        streams.export,
        name="explore-export",
    ),
    path("explore/<slug:kind_name>/views", savedviews.save, name="save-view"),
    path("views/<int:view_id>/delete", savedviews.delete, name="delete-view"),
    path(
        "explore/<slug:kind_name>/context/<path:document_id>",
        contextview.context,
        name="explore-context",
    ),
    path(
        "explore/<slug:kind_name>/document/<path:document_id>",
        documentview.document,
        name="document",
    ),
]
