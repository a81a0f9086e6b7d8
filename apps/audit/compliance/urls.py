from django.urls import URLPattern, path

from apps.audit.compliance import overviewpages, rulepages, violationpages

urlpatterns: list[URLPattern] = [
    path("compliance/", overviewpages.overview, name="compliance"),
    path(
        "compliance/violations/",
        violationpages.violations,
        name="violations",
    ),
    path(
        "compliance/violations/<int:violation_id>/",
        violationpages.violation,
        name="violation",
    ),
    path("compliance/rules/", rulepages.rules, name="compliance-rules"),
    path("compliance/rules/<slug:rule_slug>/", rulepages.rule, name="compliance-rule"),
    path(
        "compliance/rules/<slug:rule_slug>/change",
        rulepages.change_rule,
        name="change-compliance-rule",
    ),
]
