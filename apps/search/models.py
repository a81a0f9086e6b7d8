"""What people keep of their searches, how long documents are kept, and what became
of files that were to become documents."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.search.importers import importers

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


class ImportRun(models.Model):
    """An import of files, asked for in one process and perhaps done in another."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Waiting"
        RUNNING = "running", "Running"
        STALLED = "stalled", "Waiting for the store"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    # Names the importer, which knows the options.
    kind = models.CharField(max_length=40, default="cloudtrail")
    options = models.JSONField(default=dict, blank=True)
    paths = models.JSONField()
    # The machine whose files these are, where others cannot see them.
    host = models.CharField(max_length=255, blank=True)
    # The last file, in the order of reading, whose events are durable.
    read_up_to = models.TextField(blank=True)
    # The first files that hold no log, each with what it is instead.
    skipped = models.JSONField(default=list, blank=True)
    # The first files that were read in a way to know of, each with how.
    remarks = models.JSONField(default=list, blank=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.REQUESTED
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    beaten_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    files_total = models.PositiveIntegerField(default=0)
    files_done = models.PositiveIntegerField(default=0)
    files_skipped = models.PositiveIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_done = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    already_there = models.PositiveBigIntegerField(default=0)
    quarantined = models.PositiveBigIntegerField(default=0)
    first_event_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-requested_at", "-id"]

    def __str__(self) -> str:
        return f"import {self.pk}: {self.get_state_display().lower()}"

    @property
    def document_kind(self) -> str:
        """The kind of document its files hold, where people search for them."""
        return importers()[self.kind].kind.name

    @property
    def until(self) -> datetime | None:
        """The end of a time range that includes the last event."""
        last = self.last_event_at
        return last + timedelta(seconds=1) if last else None

    @property
    def has_ended(self) -> bool:
        """Over, or not to go on before the store takes documents again."""
        return self.is_over or self.state == self.State.STALLED

    @property
    def is_over(self) -> bool:
        return self.state in (
            self.State.DONE,
            self.State.FAILED,
            self.State.CANCELLED,
        )


class QuarantinedRecord(models.Model):
    """Something that could not be read: where it stands, why, and its beginning.

    It is settled when reading its file again finds nothing wrong there.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RETRY = "retry", "To be read again"
        READING = "reading", "Being read again"
        SETTLED = "settled", "Read since"
        DISMISSED = "dismissed", "Dismissed"

    # Names the importer that reads the file, with the options it had.
    kind = models.CharField(max_length=40, default="cloudtrail")
    options = models.JSONField(default=dict, blank=True)
    origin = models.CharField(max_length=1_200)
    offset = models.PositiveBigIntegerField()
    reason = models.TextField()
    excerpt = models.TextField(blank=True)
    # The number of the source in the room that reads it.
    source = models.BigIntegerField(null=True, blank=True)
    account = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-last_seen_at", "origin", "offset"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["origin", "offset"], name="one_row_per_place"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-last_seen_at"], name="quarantine_by_state")
        ]

    def __str__(self) -> str:
        return f"{self.origin} at {self.offset}: {self.reason}"
