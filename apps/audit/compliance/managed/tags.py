"""Tags that resources must have."""

from __future__ import annotations

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    passes,
)
from apps.audit.compliance.parameters import Form, Parameter
from apps.audit.compliance.places import Place, shown
from apps.audit.compliance.verdicts import Verdict

_MOST_TAGS = 6
# Source: the rule's page. Network interfaces and the like come and go with others.
_TYPES = (
    "AWS::ACM::Certificate", "AWS::AutoScaling::AutoScalingGroup",
    "AWS::CloudFormation::Stack", "AWS::CodeBuild::Project", "AWS::DynamoDB::Table",
    "AWS::EC2::CustomerGateway", "AWS::EC2::Instance", "AWS::EC2::InternetGateway",
    "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkInterface", "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::Volume",
    "AWS::EC2::VPC", "AWS::EC2::VPNConnection", "AWS::EC2::VPNGateway",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::RDS::DBInstance",
    "AWS::RDS::DBSecurityGroup", "AWS::RDS::DBSnapshot", "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::EventSubscription", "AWS::Redshift::Cluster",
    "AWS::Redshift::ClusterParameterGroup", "AWS::Redshift::ClusterSecurityGroup",
    "AWS::Redshift::ClusterSnapshot", "AWS::Redshift::ClusterSubnetGroup",
    "AWS::S3::Bucket",
)  # fmt: skip


def required(subject: Subject) -> Verdict:
    for number in range(1, _MOST_TAGS + 1):
        key = subject.given.text(f"tag{number}Key")
        if not key:
            continue
        value = subject.item.tags.get(key)
        if value is None:
            return fails(f"The tag {shown(key)} is missing.", Place(None, "tags"))
        allowed = subject.given.words(f"tag{number}Value")
        if allowed and value not in allowed:
            reason = f"The tag {shown(key)} is {shown(value)!r}."
            return fails(reason, Place(None, f"tags.{key[:100]}"))
    return passes("The resource has the tags required.")


RULES = (
    Managed(
        "REQUIRED_TAGS",
        "Resources have the tags required",
        _TYPES,
        required,
        Severity.LOW,
        (
            Parameter("tag1Key", Form.TEXT, "CostCenter", is_required=True),
            Parameter("tag1Value", Form.WORDS),
            *(
                one
                for number in range(2, _MOST_TAGS + 1)
                for one in (
                    Parameter(f"tag{number}Key"),
                    Parameter(f"tag{number}Value", Form.WORDS),
                )
            ),
        ),
    ),
)
