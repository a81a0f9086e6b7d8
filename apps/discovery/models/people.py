"""People and their roles, AWS accounts, and what the processes know of each other."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from knox.models import AbstractAuthToken

from apps.discovery.arn import parse_arn
from apps.discovery.roles import Rights, Role

ROLE_CHOICES = [(role.value, role.title) for role in Role]
SIGN_IN_LINK_LIFE = timedelta(hours=24)


class User(AbstractUser):  # type: ignore[django-manager-missing] # knox is untyped
    """A person. What they may see and do is in their grants.

    `epoch` is part of every session: raising it ends them all.
    """

    epoch = models.PositiveIntegerField(default=0)

    @classmethod
    def first_admin(cls) -> User | None:
        """An admin without a password, made where there is nobody at all yet."""
        if cls.objects.exists():
            return None
        admin = cls.objects.create_user("admin", password=None)
        Grant.objects.create(user=admin, role=Role.ADMIN)
        return admin

    def get_session_auth_hash(self) -> str:
        return f"{super().get_session_auth_hash()}{self.epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for older in super().get_session_auth_fallback_hash():
            yield f"{older}{self.epoch}"

    def lock_out(self) -> None:
        """No more sessions, tokens or links, even once they are let in again."""
        self.is_active = False
        self.epoch += 1
        self.save(update_fields=["is_active", "epoch"])
        self.auth_token_set.all().delete()
        SignInLink.withdraw(self)

    @cached_property
    def rights(self) -> Rights:
        if not self.is_active:
            return Rights(None, {})
        everywhere, by_account = None, {}
        for account, role in self.grants.values_list("account_id", "role"):
            if account is None:
                everywhere = Role(role)
            else:
                by_account[account] = Role(role)
        return Rights(everywhere, by_account)

    def visible_accounts(self) -> frozenset[str] | None:
        """The accounts whose data the person may see; None means all."""
        return self.rights.accounts()


def new_external_id() -> str:
    """What AWS asks a third party to show when it assumes a role: 2 to 1,224
    characters, ours alone, never the same for two accounts."""
    return f"trailmap-{secrets.token_hex(16)}"


class Account(models.Model):
    """An AWS account: one we collect from, or one met in imported data."""

    number = models.CharField(
        max_length=64,
        primary_key=True,
        validators=[RegexValidator(r"^\d{12}$", "An account number has 12 digits.")],
    )
    name = models.CharField(max_length=100, blank=True)
    partition = models.CharField(max_length=20, default="aws")
    role_arn = models.CharField(max_length=300, blank=True)
    external_id = models.CharField(
        max_length=100, unique=True, default=new_external_id, editable=False
    )
    home_region = models.CharField(max_length=40, default="us-east-1")
    # Where its services live, beside the home region.
    regions = models.JSONField(default=list, blank=True)
    is_connected = models.BooleanField(default=False)
    check_requested_at = models.DateTimeField(null=True, blank=True)
    check_claimed_until = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})" if self.name else self.number

    @property
    def watched_regions(self) -> tuple[str, ...]:
        """Every region that is collected from, the home region first."""
        return tuple(dict.fromkeys((self.home_region, *self.regions)))

    def role_account(self) -> str:
        """The account that the role to assume belongs to; "" without a role."""
        arn = parse_arn(self.role_arn)
        return arn.account if arn else ""


class Grant(models.Model):
    """A role of a person in one account, or without an account in all of them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    role = models.PositiveSmallIntegerField(choices=ROLE_CHOICES)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "account"], name="one_role_per_account"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(account=None),
                name="one_role_everywhere",
            ),
        ]

    def __str__(self) -> str:
        where = self.account_id or "all accounts"
        return f"{self.user}: {Role(self.role).title} in {where}"


class ApiToken(AbstractAuthToken):  # type: ignore[misc] # untyped
    """A key for the REST API. Only its hash is stored; it is shown once."""

    name = models.CharField(max_length=100)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created"]


class SignInLink(models.Model):
    """A link that signs one person in, once, within a day. Only its hash is stored."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link for {self.user} until {self.expires_at:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def issue(cls, user: User, now: datetime) -> str:
        """A new link's token, which is not kept. Earlier links no longer work."""
        cls.withdraw(user)
        token = secrets.token_urlsafe(32)
        expires_at = now + SIGN_IN_LINK_LIFE
        cls.objects.create(digest=_digest(token), user=user, expires_at=expires_at)
        return token

    @classmethod
    def withdraw(cls, user: User) -> None:
        cls.objects.filter(user=user, used_at=None).delete()

    @classmethod
    def _good(cls, token: str, now: datetime) -> models.QuerySet[SignInLink]:
        return cls.objects.filter(
            digest=_digest(token), used_at=None, expires_at__gt=now
        )

    @classmethod
    def is_good(cls, token: str, now: datetime) -> bool:
        """Whether the token would sign somebody in."""
        return cls._good(token, now).exists()

    @classmethod
    def redeem(cls, token: str, now: datetime) -> User | None:
        """The person a token signs in, the first time it is used; else None."""
        if not cls._good(token, now).update(used_at=now):
            return None
        return User.objects.filter(signinlink__digest=_digest(token)).first()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class RateSlot(models.Model):
    """When the next call of a rate-limited AWS operation may go out, for everyone.

    `key` is account/region/service/operation; times in milliseconds since 1970.
    """

    key = models.CharField(max_length=200, primary_key=True)
    free_at_ms = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.key


class Heartbeat(models.Model):
    """The last sign of life of a part of Trailmap."""

    name = models.CharField(max_length=40, primary_key=True)
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.beaten_at:%Y-%m-%d %H:%M:%S} UTC"
