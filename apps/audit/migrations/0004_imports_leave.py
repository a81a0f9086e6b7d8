"""Runs of imports and quarantine go to the room of search: other kinds of file need
them too. Their rows stay where they are, under new names of the tables."""

from django.db import migrations, models

_NEW = (
    ("kind", models.CharField(default="cloudtrail", max_length=40)),
    ("options", models.JSONField(blank=True, default=dict)),
)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_several_processes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="quarantinedrecord",
            name="source",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        *(
            migrations.AddField(model, name, field)
            for model in ("importrun", "quarantinedrecord")
            for name, field in _NEW
        ),
        migrations.RenameIndex(
            "quarantinedrecord",
            new_name="quarantine_by_state",
            old_name="audit_quara_state_d79d8b_idx",
        ),
        migrations.AlterModelTable("importrun", "search_importrun"),
        migrations.AlterModelTable("quarantinedrecord", "search_quarantinedrecord"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel("ImportRun"),
                migrations.DeleteModel("QuarantinedRecord"),
            ]
        ),
    ]
