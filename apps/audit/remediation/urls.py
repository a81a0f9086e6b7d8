from django.urls import URLPattern, path

from apps.audit.remediation import pages

urlpatterns: list[URLPattern] = [
    path("repairs/", pages.repairs, name="repairs"),
    path("repairs/controls/", pages.repairs, name="repair-controls"),
    path("repairs/plans/<int:plan_id>/", pages.plan, name="repair-plan"),
    path("repairs/runs/<int:repair_id>/", pages.run, name="repair-run"),
]
