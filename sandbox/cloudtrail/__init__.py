"""CloudTrail: a record of every call, and trails that deliver and sign them."""

from sandbox.cloudtrail.service import CloudTrail

__all__ = ["CloudTrail"]
