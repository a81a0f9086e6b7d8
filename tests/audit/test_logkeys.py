"""Keys of log files, folders of days, the order of delivery."""

from datetime import UTC, date, datetime

import pytest

from apps.audit.logkeys import LogKey, day_folders, delivery_order, parse_key

NAME = "111122223333_CloudTrail_eu-west-1_20260701T1205Z_AbCdEf.json.gz"
FOLDER = "111122223333/CloudTrail/eu-west-1/2026/07/01/"


@pytest.mark.parametrize("prefix", ["", "shop/logs/"])
@pytest.mark.parametrize("organization", ["", "o-abc123/"])
def test_reads_the_keys_of_trails_of_accounts_and_organizations(
    prefix: str, organization: str
) -> None:
    key = f"{prefix}AWSLogs/{organization}{FOLDER}{NAME}"

    assert parse_key(key) == LogKey(
        "111122223333", "eu-west-1", datetime(2026, 7, 1, 12, 5, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "key",
    [
        "AWSLogs/" + FOLDER.replace("CloudTrail", "CloudTrail-Digest") + NAME,
        "AWSLogs/" + FOLDER.replace("CloudTrail", "CloudTrail-Insight") + NAME,
        "AWSLogs/" + FOLDER + NAME.replace("1111", "9999"),
        "AWSLogs/" + FOLDER + NAME.replace("20260701", "20269901"),
        "AWSLogs/" + FOLDER,
        "",
    ],
)
def test_digests_insights_and_strangers_are_no_log_files(key: str) -> None:
    assert parse_key(key) is None


def test_days_are_listed_up_to_tomorrow() -> None:
    folders = day_folders("CloudTrail/", ["eu"], date(2026, 7, 1), back=1)

    assert folders == [
        "CloudTrail/eu/2026/06/30/",
        "CloudTrail/eu/2026/07/01/",
        "CloudTrail/eu/2026/07/02/",
    ]


def test_files_are_read_in_the_order_they_were_delivered() -> None:
    names = ["z_20260701T1200Z_1.json", "b.json", "a_20260702T0000Z_2.json"]

    assert sorted(names, key=delivery_order) == [names[0], names[2], names[1]]
