"""`verify-ledger`: our own hash chain; exit 1 on any break."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.ledger.verifying import Verified, verify
from apps.discovery.aws import AwsError


class Command(BaseCommand):
    help = "Verify the ledger against itself and its anchors; exit 1 on any break."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = verify()
        except (AwsError, OSError) as error:
            raise CommandError(f"The anchors cannot be read: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found)))
        else:
            self._tell(found)
        if found.breaks:
            raise CommandError(f"The ledger is broken in {len(found.breaks)} places.")

    def _tell(self, found: Verified) -> None:
        for one in found.breaks:
            self.stdout.write(str(one))
        for warning in found.warnings:
            self.stderr.write(f"Note: {warning}")
        if not found.breaks:
            self.stdout.write(
                f"{found.rows:,} rows and {found.anchors:,} anchors: nothing was "
                "changed."
            )
