"""Pages of metrics and charts."""

from django.urls import path

from apps.monitoring.charts import browsing, pages

urlpatterns = [
    path("metrics/", browsing.metrics, name="metrics"),
    path("metrics/draw", browsing.draw_chosen, name="draw-metrics"),
    path("metrics/chart/", pages.chart, name="metrics-chart"),
    path("metrics/chart/change", pages.change_chart, name="change-chart"),
    path("metrics/chart.csv", pages.chart_csv, name="metrics-chart-csv"),
]
