"""What periodic rules read from AWS themselves, because no item holds it."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.config.door import seconds
from sandbox.config.items import Found
from sandbox.config.reading import Reader

_ACCOUNT = "AWS::::Account"


def listeners(reader: Reader, now: float) -> Iterator[Found]:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    for one in reader.every("elbv2", "describe_load_balancers", "loadBalancers"):
        if one.get("type") == "application":
            arn = one["loadBalancerArn"]
            found = reader.every(
                "elbv2", "describe_listeners", "listeners", LoadBalancerArn=arn
            )
            yield Found(kind, arn, {"listeners": found})


def trails(reader: Reader, now: float) -> Iterator[Found]:
    for one in reader.ask("cloudtrail", "describe_trails")["trailList"]:
        yield Found("AWS::CloudTrail::Trail", one["name"], one)


def account_trails(reader: Reader, now: float) -> Iterator[Found]:
    found = [
        {**trail.configuration, "isLogging": _is_logging(reader, trail)}
        for trail in trails(reader, now)
    ]
    yield Found(_ACCOUNT, reader.account, {"trails": found})


def _is_logging(reader: Reader, trail: Found) -> bool:
    arn = trail.configuration["trailARN"]
    told = reader.ask_or_none("cloudtrail", "get_trail_status", Name=arn)
    return bool(told and told.get("isLogging"))


def access_keys(reader: Reader, now: float) -> Iterator[Found]:
    for user in reader.every("iam", "list_users", "users"):
        name = user["userName"]
        keys = reader.every(
            "iam", "list_access_keys", "accessKeyMetadata", UserName=name
        )
        ages = [
            now - (seconds(key["createDate"]) or now)
            for key in keys
            if key["status"] == "Active"
        ]
        found = {"activeKeyAges": sorted(ages, reverse=True)}
        yield Found("AWS::IAM::User", user["userId"], found, name)


def password_policy(reader: Reader, now: float) -> Iterator[Found]:
    told = reader.ask_or_none("iam", "get_account_password_policy")
    policy = None if told is None else told["passwordPolicy"]
    yield Found(_ACCOUNT, reader.account, {"passwordPolicy": policy})
