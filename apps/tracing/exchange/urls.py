"""What other tools read: the query APIs of Jaeger and Zipkin."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
