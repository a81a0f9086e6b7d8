"""Addresses of this site as people outside a page get them."""

from django.urls import reverse
from django.utils import timezone

from apps.discovery.models import SignInLink, User


def sign_in_url(user: User, base: str) -> str:
    """A link that signs this person in once; `base` is the site's address."""
    token = SignInLink.issue(user, timezone.now())
    return base + reverse("sign-in-link", args=[token])
