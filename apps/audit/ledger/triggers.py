"""What makes the ledger append-only: the database itself refuses to change its rows."""

from __future__ import annotations

from typing import Any

_TABLE = "audit_ledgerentry"
_SAYS = "The ledger is append-only."
_SQLITE = tuple(
    f"CREATE TRIGGER ledger_no_{what.lower()} BEFORE {what} ON {_TABLE} "
    f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
    for what in ("UPDATE", "DELETE")
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger AS $$ "
    f"BEGIN RAISE EXCEPTION '{_SAYS}'; END $$ LANGUAGE plpgsql",
    f"CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON {_TABLE} "
    "FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()",
    f"CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON {_TABLE} "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()",
)
_REMOVE = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS ledger_no_update",
        "DROP TRIGGER IF EXISTS ledger_no_delete",
    ),
    "postgresql": (
        f"DROP TRIGGER IF EXISTS ledger_no_change ON {_TABLE}",
        f"DROP TRIGGER IF EXISTS ledger_no_truncate ON {_TABLE}",
    ),
}
_INSTALL = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
_COUNT = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' "
    "AND name LIKE 'ledger_no_%'",
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'ledger_no_%' "
    "AND tgenabled <> 'D'",
}


def install(connection: Any) -> None:
    """Refuse changes from now on; whatever stood in place of it before."""
    remove(connection)
    _run(connection, _INSTALL[connection.vendor])


def remove(connection: Any) -> None:
    """For whoever changes the table itself, and for tests that empty it."""
    _run(connection, _REMOVE[connection.vendor])


def are_installed(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT[connection.vendor])
        row = cursor.fetchone()
    return bool(row and row[0] == 2)  # noqa: PLR2004 - each database has two


def _run(connection: Any, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
