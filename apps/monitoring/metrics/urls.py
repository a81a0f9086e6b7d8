from django.urls import path

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
]
