"""Amazon resource names and partitions."""

from dataclasses import dataclass

# Region prefixes of the partitions other than `aws`, as botocore 1.44 knows them.
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-iso-", "aws-iso"),
)
_PARTS = 6


@dataclass(frozen=True, slots=True)
class Arn:
    """arn:partition:service:region:account:resource."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join(
            (
                "arn",
                self.partition,
                self.service,
                self.region,
                self.account,
                self.resource,
            )
        )


def parse_arn(text: str) -> Arn | None:
    """The parts of an ARN; None where `text` is none."""
    parts = text.split(":", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != "arn" or not parts[1] or not parts[5]:
        return None
    return Arn(*parts[1:])


def partition_of(region: str) -> str:
    """The partition a region belongs to; credentials never leave theirs."""
    for prefix, partition in _PARTITIONS:
        if region.startswith(prefix):
            return partition
    return "aws"


def bucket_arn(name: str, region: str) -> str:
    return f"arn:{partition_of(region)}:s3:::{name}"
