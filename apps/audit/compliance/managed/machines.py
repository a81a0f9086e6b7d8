"""EC2: instances, volumes and snapshots."""

from __future__ import annotations

from apps.audit.compliance.managed.base import (
    Managed,
    Severity,
    Subject,
    fails,
    irrelevant,
    passes,
)
from apps.audit.compliance.parameters import Parameter
from apps.audit.compliance.places import NotTold
from apps.audit.compliance.verdicts import Verdict

_INSTANCE = ("AWS::EC2::Instance",)
_ATTACHED = frozenset(("attached", "attaching", "busy"))


def imdsv2(subject: Subject) -> Verdict:
    options = subject.configuration.at("metadataOptions")
    endpoint = options.maybe("httpEndpoint")
    if endpoint and str(endpoint.value) == "disabled":
        return passes("The instance has no metadata endpoint.", endpoint)
    told = options.at("httpTokens")
    if str(told.value) != "required":
        return fails("The metadata service answers without a token (IMDSv1).", told)
    return passes("The metadata service asks for a token.", told)


def no_public_address(subject: Subject) -> Verdict:
    subject.configuration.at("instanceId")
    told = subject.configuration.maybe("publicIpAddress")
    if told and told.value:
        return fails(f"The instance has the public address {told.value}.", told)
    interfaces = subject.configuration.at("networkInterfaces")
    for one in interfaces.each():
        address = one.dig("association", "publicIp")
        if address:
            return fails(f"An interface has the address {address.value}.", address)
    return passes("The instance has no public address.")


def volume_encrypted(subject: Subject) -> Verdict:
    held = subject.configuration.maybe("attachments")
    states = [one.maybe("state") for one in held.each()] if held else []
    state = subject.configuration.maybe("state")
    is_used = any(one and str(one.value) in _ATTACHED for one in states)
    if held is None and state is None:
        raise NotTold("configuration.attachments")
    if not is_used and not (state and str(state.value) == "in-use"):
        return irrelevant("The volume is not attached.", state)
    told = subject.configuration.at("encrypted")
    if not told.flag():
        return fails("The volume is attached and not encrypted.", told)
    wanted, key = subject.given.text("kmsId"), subject.configuration.maybe("kmsKeyId")
    if wanted and (key is None or not str(key.value).endswith(wanted)):
        return fails("The volume is encrypted with another key.", key or told)
    return passes("The volume is encrypted.", told)


def snapshot_not_public(subject: Subject) -> Verdict:
    told = subject.needed("createVolumePermissions", "CreateVolumePermissions").parsed()
    for one in told.each():
        group = one.maybe("group")
        if group and str(group.value) == "all":
            return fails("Every AWS account may restore the snapshot.", group)
    return passes("The snapshot is not shared with everyone.")


def subnet_assigns_none(subject: Subject) -> Verdict:
    told = subject.configuration.at("mapPublicIpOnLaunch")
    if told.flag():
        return fails("What starts in the subnet gets a public address.", told)
    return passes("The subnet assigns no public addresses.", told)


RULES = (
    Managed(
        "EC2_IMDSV2_CHECK", "Instances ask for tokens of their metadata (IMDSv2)",
        _INSTANCE, imdsv2, Severity.HIGH,
    ),
    Managed(
        "EC2_INSTANCE_NO_PUBLIC_IP", "Instances have no public address",
        _INSTANCE, no_public_address, Severity.MEDIUM,
    ),
    Managed(
        "ENCRYPTED_VOLUMES",
        "Volumes in use are encrypted",
        ("AWS::EC2::Volume",),
        volume_encrypted,
        Severity.MEDIUM,
        (Parameter("kmsId"),),
    ),
    Managed(
        "EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK",
        "Snapshots of volumes are not public",
        ("AWS::EC2::Snapshot",),
        snapshot_not_public,
        Severity.CRITICAL,
        note="AWS reports the account; here each snapshot is judged. AWS Config "
        "records no snapshots: they are read from EC2.",
    ),
    Managed(
        "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED",
        "Subnets assign no public addresses",
        ("AWS::EC2::Subnet",),
        subnet_assigns_none,
        Severity.LOW,
    ),
)  # fmt: skip
