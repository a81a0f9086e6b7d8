"""Where X-Ray is switched on, and the addresses that take spans."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
