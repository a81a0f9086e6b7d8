"""`signin-link NAME`: a way in for someone without a password."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.discovery.models import User
from dashboard import addresses
from dashboard.links import sign_in_url


class Command(BaseCommand):
    help = "Print a link that signs a person in once, within 24 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="admin")

    def handle(self, *args: Any, **options: Any) -> None:
        User.first_admin()
        user = User.objects.filter(username=options["name"], is_active=True).first()
        if user is None:
            names = User.objects.filter(is_active=True).values_list(
                "username", flat=True
            )
            known = ", ".join(names) or "nobody"
            raise CommandError(
                f"There is no active person {options['name']!r}; there is {known}."
            )
        self.stdout.write(sign_in_url(user, addresses.current()))
