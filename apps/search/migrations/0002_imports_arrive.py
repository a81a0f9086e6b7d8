"""Runs of imports and quarantine come from the room of audit, their tables with them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_imports_leave"),
        ("search", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="ImportRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("kind", models.CharField(default="cloudtrail", max_length=40)),
                        ("options", models.JSONField(blank=True, default=dict)),
                        ("paths", models.JSONField()),
                        ("host", models.CharField(blank=True, max_length=255)),
                        ("read_up_to", models.TextField(blank=True)),
                        ("skipped", models.JSONField(blank=True, default=list)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("requested", "Waiting"),
                                    ("running", "Running"),
                                    ("stalled", "Waiting for the store"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="requested",
                                max_length=10,
                            ),
                        ),
                        ("requested_at", models.DateTimeField(auto_now_add=True)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("beaten_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("is_cancel_requested", models.BooleanField(default=False)),
                        ("files_total", models.PositiveIntegerField(default=0)),
                        ("files_done", models.PositiveIntegerField(default=0)),
                        ("files_skipped", models.PositiveIntegerField(default=0)),
                        ("bytes_total", models.PositiveBigIntegerField(default=0)),
                        ("bytes_done", models.PositiveBigIntegerField(default=0)),
                        ("new", models.PositiveBigIntegerField(default=0)),
                        ("already_there", models.PositiveBigIntegerField(default=0)),
                        ("quarantined", models.PositiveBigIntegerField(default=0)),
                        ("first_event_at", models.DateTimeField(blank=True, null=True)),
                        ("last_event_at", models.DateTimeField(blank=True, null=True)),
                        ("problem", models.TextField(blank=True)),
                        (
                            "requested_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-requested_at", "-id"],
                    },
                ),
                migrations.CreateModel(
                    name="QuarantinedRecord",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("kind", models.CharField(default="cloudtrail", max_length=40)),
                        ("options", models.JSONField(blank=True, default=dict)),
                        ("origin", models.CharField(max_length=1200)),
                        ("offset", models.PositiveBigIntegerField()),
                        ("reason", models.TextField()),
                        ("excerpt", models.TextField(blank=True)),
                        ("source", models.BigIntegerField(blank=True, null=True)),
                        ("account", models.CharField(blank=True, max_length=64)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Open"),
                                    ("retry", "To be read again"),
                                    ("reading", "Being read again"),
                                    ("settled", "Read since"),
                                    ("dismissed", "Dismissed"),
                                ],
                                default="open",
                                max_length=10,
                            ),
                        ),
                        ("first_seen_at", models.DateTimeField()),
                        ("last_seen_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["-last_seen_at", "origin", "offset"],
                        "indexes": [
                            models.Index(
                                fields=["state", "-last_seen_at"],
                                name="quarantine_by_state",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("origin", "offset"), name="one_row_per_place"
                            )
                        ],
                    },
                ),
            ]
        )
    ]
