from typing import Any, ClassVar

from django.db import migrations

from apps.audit.ledger import triggers


def install(apps: Any, schema_editor: Any) -> None:
    triggers.install(schema_editor.connection)


def remove(apps: Any, schema_editor: Any) -> None:
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0005_compliance")]
    operations: ClassVar = [migrations.RunPython(install, remove)]
