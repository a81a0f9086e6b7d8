"""A home that a site can start with: prints a token that may send and read spans."""

from __future__ import annotations

import sys

import django

django.setup()

from knox.models import get_token_model  # noqa: E402 - once Django is set up

from apps.discovery.models import Grant, User  # noqa: E402
from apps.discovery.roles import Role  # noqa: E402
from dashboard import preparation  # noqa: E402

preparation.ensure_tables()
person = User(username="sender")
person.set_unusable_password()
person.save()
Grant.objects.create(user=person, role=Role.ADMIN)
_, token = get_token_model().objects.create(person)
sys.stdout.write(f"{token}\n")
