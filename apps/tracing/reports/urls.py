"""Pages of the chattiness report and of caches."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
