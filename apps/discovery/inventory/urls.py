from django.urls import URLPattern, path

from apps.discovery.inventory import sourcepages as pages

urlpatterns: list[URLPattern] = [
    path("inventory/sources/", pages.sources, name="config-sources"),
]
