"""What people keep of their searches, and how long documents are kept."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

# A century: longer than any rule asks for, and within every calendar.
MOST_DAYS = 36_500


class SavedView(models.Model):
    """A name for a search: its query string, never its results."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    parameters = models.TextField(max_length=8_000, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "kind", "name"], name="one_view_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Retention(models.Model):
    """How long documents of a kind are kept, by the day of the event.

    Without `keep_days`, for ever. Days that somebody imported by hand stay whatever
    their age, unless `drop_imported` is set.
    """

    kind = models.CharField(max_length=40, primary_key=True)
    keep_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
    )
    drop_imported = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.kind}: {self.keep_days or 'for ever'}"


class ImportedDay(models.Model):
    """A day that holds documents imported by hand."""

    kind = models.CharField(max_length=40)
    day = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "day"], name="one_row_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
