"""Pages of the service map and of comparing two windows."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
