from django.urls import path

from apps.monitoring.alarms import views

urlpatterns = [
    path("alarms/", views.alarms, name="alarms"),
    path("alarms/<int:alarm_id>/", views.alarm, name="alarm"),
]
