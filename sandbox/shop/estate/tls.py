"""A rule of the shop's own: what its API hands on goes over TLS.

None of AWS's managed rules reads where an API's integrations point to; the nearest,
API_GW_SSL_ENABLED, asks for a client certificate on the stage, which moto has not.
"""

from __future__ import annotations

from sandbox.shop.estate.compute import zipped
from sandbox.shop.estate.sites import Site, policy, trust

RULE = "api-integrations-tls"
_STAGE = "AWS::ApiGateway::Stage"
_CODE = '''"""Says whether every integration of a changed API stage goes over TLS."""

import json

import boto3


def handler(event, context):
    item = json.loads(event["invokingEvent"])["configurationItem"]
    stage = item["resourceId"]
    api = stage.split("/restapis/")[1].split("/")[0]
    resources = boto3.client("apigateway").get_resources(
        restApiId=api, embed=["methods"], limit=500
    )["items"]
    plain = [
        method["methodIntegration"]["uri"]
        for resource in resources
        for method in resource.get("resourceMethods", {}).values()
        if method.get("methodIntegration", {}).get("uri", "").startswith("http://")
    ]
    evaluation = {
        "ComplianceResourceType": item["resourceType"],
        "ComplianceResourceId": stage,
        "ComplianceType": "NON_COMPLIANT" if plain else "COMPLIANT",
        "OrderingTimestamp": item["configurationItemCaptureTime"],
    }
    if plain:
        evaluation["Annotation"] = f"Goes over plain HTTP: {plain[0]}"[:256]
    boto3.client("config").put_evaluations(
        Evaluations=[evaluation], ResultToken=event["resultToken"]
    )
'''


def set_up(site: Site) -> None:
    role = f"arn:aws:iam::{site.account}:role/{RULE}"
    _make_role(site)
    functions = site.client("lambda")
    function = functions.create_function(
        FunctionName=RULE,
        Runtime="python3.12",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": zipped(_CODE)},
        Timeout=30,
    )["FunctionArn"]
    functions.add_permission(
        FunctionName=RULE,
        StatementId="config",
        Action="lambda:InvokeFunction",
        Principal="config.amazonaws.com",
        SourceAccount=site.account,
    )
    changes = {
        "EventSource": "aws.config",
        "MessageType": "ConfigurationItemChangeNotification",
    }
    site.client("config").put_config_rule(
        ConfigRule={
            "ConfigRuleName": RULE,
            "Description": "APIs hand requests on over TLS.",
            "Scope": {"ComplianceResourceTypes": [_STAGE]},
            "Source": {
                "Owner": "CUSTOM_LAMBDA",
                "SourceIdentifier": function,
                "SourceDetails": [changes],
            },
        }
    )


def _make_role(site: Site) -> None:
    iam = site.client("iam")
    iam.create_role(
        RoleName=RULE, AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com")
    )
    iam.put_role_policy(
        RoleName=RULE,
        PolicyName="judges",
        PolicyDocument=policy(
            # AWS asks for the first, the sandbox for the operation's own name.
            {
                "Effect": "Allow",
                "Action": [
                    "apigateway:GET",
                    "apigateway:GetResources",
                    "config:PutEvaluations",
                ],
                "Resource": "*",
            }
        ),
    )
