"""Whose lines a file holds: what was asked for, or else what its path says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

UNKNOWN = "unknown"
# [PREFIX/]AWSLogs/ACCOUNT/SERVICE/REGION/YYYY/MM/DD/FILE: flow logs, load balancers.
_AWS_LOGS = re.compile(
    r"AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/([a-z-]+)/([a-z]{2}-[a-z-]+-\d)/"
)
# [PREFIX/]TASK/STREAM/000000.gz: a task of CreateExportTask.
_EXPORT = re.compile(
    r"(?:([^/]+)/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/([^/]+)/\d{6}(?:\.gz)?$"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The stream that the lines of a file belong to. Of an export, each line begins
    with the time of its event."""

    account: str
    region: str
    group: str
    stream: str
    is_export: bool = False


def place_of(path: str, options: Mapping[str, str]) -> Place:
    """What options leave open comes from the path: the numbers and names that AWS
    puts there, else the folder as the group and the file as the stream."""
    folder, name = PurePath(path).parent.name, PurePath(path).name
    found = {"group": folder or UNKNOWN, "stream": name.removesuffix(".gz")}
    archived, exported = _AWS_LOGS.search(path), _EXPORT.search(path)
    if archived is not None:
        found |= {"account": archived[1], "group": archived[2], "region": archived[3]}
    if exported is not None:
        found |= {"group": exported[1] or UNKNOWN, "stream": exported[2]}
    found |= {name: value for name, value in options.items() if value}
    return Place(
        found.get("account", UNKNOWN),
        found.get("region", UNKNOWN),
        found["group"],
        found["stream"],
        is_export=exported is not None,
    )
