from django.urls import URLPattern, path, re_path

from apps.audit.compliance import (
    custompages,
    exemptionpages,
    overviewpages,
    packpages,
    reports,
    rulepages,
    violationpages,
)

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
    path("compliance/report/", reports.report, name="compliance-report"),
    re_path(
        r"^compliance/violations\.(?P<form>csv|json)$",
        reports.export,
        name="export-violations",
    ),
    path("compliance/packs/", packpages.packs, name="packs"),
    path("compliance/packs/new", packpages.new_pack, name="new-pack"),
    path("compliance/packs/<slug:pack_slug>/", packpages.pack, name="pack"),
    path(
        "compliance/packs/<slug:pack_slug>/delete",
        packpages.delete_pack,
        name="delete-pack",
    ),
    path("compliance/exemptions/", exemptionpages.list_exemptions, name="exemptions"),
    path(
        "compliance/exemptions/new", exemptionpages.new_exemption, name="new-exemption"
    ),
    path(
        "compliance/exemptions/<int:exemption_id>/end",
        exemptionpages.end_exemption,
        name="end-exemption",
    ),
    path(
        "compliance/exemptions/<int:exemption_id>/review",
        exemptionpages.review_exemption,
        name="review-exemption",
    ),
    path("compliance/rules/new", custompages.new_rule, name="new-compliance-rule"),
    path("compliance/rules/try", custompages.try_rule, name="try-compliance-rule"),
    path(
        "compliance/rules/<slug:rule_slug>/edit",
        custompages.edit_rule,
        name="edit-compliance-rule",
    ),
    path("compliance/rules/", rulepages.rules, name="compliance-rules"),
    path("compliance/rules/<slug:rule_slug>/", rulepages.rule, name="compliance-rule"),
    path(
        "compliance/rules/<slug:rule_slug>/change",
        rulepages.change_rule,
        name="change-compliance-rule",
    ),
]
