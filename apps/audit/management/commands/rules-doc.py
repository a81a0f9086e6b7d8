"""Prints docs/rules.md."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.audit.compliance.rulesdoc import document


class Command(BaseCommand):
    help = "Print the page of docs that lists the managed rules."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(document(), ending="")
