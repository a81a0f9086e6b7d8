from django.urls import URLPattern, path

from apps.discovery.inventory import sourcepages as pages

_ONE = "inventory/sources/<int:config_source_id>/"

urlpatterns: list[URLPattern] = [
    path("inventory/sources/", pages.sources, name="config-sources"),
    path("inventory/sources/new", pages.new_source, name="new-config-source"),
    path(_ONE, pages.source, name="config-source"),
    path(f"{_ONE}switch", pages.switch_source, name="switch-config-source"),
    path(f"{_ONE}read", pages.read_now, name="read-config-source"),
    path(f"{_ONE}delete", pages.delete_source, name="delete-config-source"),
]
