"""Conformance packs are read whatever they hold, and say what is covered."""

from __future__ import annotations

import pytest

from apps.audit.compliance import evaluating
from apps.audit.compliance.packrows import import_pack
from apps.audit.compliance.packs import PackInvalid, read_pack
from apps.audit.models import ComplianceRule
from apps.discovery.roles import Role
from tests.audit.compliance.making import a_group, a_resource
from tests.conftest import signed_in
from tests.factories import NOON, a_user

PACK = """
Parameters:
  MaxAge: {Default: '45', Type: String}
  Ports: {Default: '', Type: String}
Conditions:
  hasPorts: !Not [!Equals ['', !Ref Ports]]
  hasAge: !Not [!Equals ['', !Ref MaxAge]]
  both: !And [!Condition hasAge, !Condition hasPorts]
Resources:
  Keys:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: access-keys-rotated
      InputParameters:
        maxAccessKeyAge:
          Fn::If: [hasAge, !Ref MaxAge, !Ref AWS::NoValue]
      Source: {Owner: AWS, SourceIdentifier: ACCESS_KEYS_ROTATED}
  Ssh:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: restricted-ssh
      Scope: {ComplianceResourceTypes: ['AWS::EC2::SecurityGroup']}
      Source: {Owner: AWS, SourceIdentifier: INCOMING_SSH_DISABLED}
  Ports:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: ports
      InputParameters:
        authorizedTcpPorts: !If [hasPorts, !Ref Ports, !Ref AWS::NoValue]
      Source: {Owner: AWS, SourceIdentifier: VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS}
  Strange:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: strange
      Source: {Owner: AWS, SourceIdentifier: FSX_LAST_BACKUP_RECOVERY_POINT_CREATED}
  Own:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: own
      Source: {Owner: CUSTOM_POLICY, SourceIdentifier: x}
  Left:
    Type: AWS::Config::ConfigRule
    Condition: both
    Properties:
      ConfigRuleName: left-out
      Source: {Owner: AWS, SourceIdentifier: RDS_STORAGE_ENCRYPTED}
  Mended:
    Type: AWS::Config::RemediationConfiguration
    Properties: {ConfigRuleName: restricted-ssh}
"""


def test_a_pack_is_read_with_its_parameters_at_their_defaults() -> None:
    rules = {one.name: one for one in read_pack(PACK).rules}
    assert list(rules) == [
        "access-keys-rotated",
        "restricted-ssh",
        "ports",
        "strange",
        "own",
    ]
    assert rules["access-keys-rotated"].parameters == {"maxAccessKeyAge": "45"}
    assert rules["ports"].parameters == {}
    assert [one.name for one in rules.values() if one.problem] == ["strange", "own"]
    assert read_pack(PACK).covered == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "Resources: []",
        "Resources: {A: {Type: AWS::S3::Bucket}}",
        "a: &a [x]\nResources: {A: *a}",
        "Resources: " + "{a: " * 100 + "}" * 100,
        "Conditions: {a: !Condition b, b: !Condition a}\nResources:\n"
        "  A: {Type: AWS::Config::ConfigRule, Condition: a}",
        "Resources:\n  A: {Type: AWS::Config::ConfigRule, Condition: missing}",
        "Resources:\n  A: {Type: AWS::Config::ConfigRule, Properties: !If [1]}",
    ],
)
def test_hostile_packs_are_refused_with_a_reason(text: str) -> None:
    with pytest.raises(PackInvalid):
        read_pack(text)


@pytest.mark.django_db
def test_an_imported_pack_uses_a_rule_that_asks_the_same() -> None:
    evaluating.tick(lambda: NOON)
    pack = import_pack("Basics", PACK, read_pack(PACK), a_user(), NOON)
    rules = {one.name: one.rule for one in pack.rules.select_related("rule")}
    assert rules["restricted-ssh"] is not None
    assert rules["restricted-ssh"].slug == "incoming-ssh-disabled"
    keys = rules["access-keys-rotated"]
    assert keys is not None
    assert (keys.slug, keys.parameters) == (
        "basics-access-keys-rotated",
        {"maxAccessKeyAge": "45"},
    )
    # It was off: a pack that asks for it switches it on.
    ports = rules["ports"]
    assert ports is not None
    assert ports.is_enabled
    count = ComplianceRule.objects.count()
    import_pack("Basics", PACK, read_pack(PACK), a_user("bob"), NOON)
    assert ComplianceRule.objects.count() == count


@pytest.mark.django_db
def test_a_pack_says_what_share_of_it_is_covered() -> None:
    a_resource(a_group("0.0.0.0/0"))
    evaluating.tick(lambda: NOON)
    client = signed_in("ann", Role.ADMIN)
    given = {"title": "Basics", "text": PACK}
    shown = client.post("/compliance/packs/new", given, follow=True).content.decode()
    assert "60 %" in shown
    assert "3 of 5 rules" in shown
    assert "Its code is its own (CUSTOM_POLICY)" in shown
    listed = client.get("/compliance/violations/?pack=basics").content.decode()
    assert "SSH is not open to the world" in listed
    wrong = client.post("/compliance/packs/new", {"title": "x", "text": "a: b: c"})
    assert "Line 1" in wrong.content.decode()
