"""Pages of the service map and of comparing two windows."""

from django.urls import URLPattern, path

from apps.tracing.maps import comparisonpage, pages

urlpatterns: list[URLPattern] = [
    path("map/", pages.service_map, name="service-map"),
    path("map/panel", pages.map_panel, name="map-panel"),
    path("map/strip", pages.map_strip, name="map-strip"),
    path("map/badges", pages.map_badges, name="map-badges"),
    path("map/untraced", pages.map_silent, name="map-silent"),
    path("map/map.svg", pages.map_svg, name="map-svg"),
    path("map/map.csv", pages.map_csv, name="map-csv"),
    path("map/compare/", comparisonpage.comparison, name="map-comparison"),
]
