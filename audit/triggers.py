"""The database refuses to change or remove audit events, whoever asks.

Installed after every migrate. Whoever may alter the schema can still lift them; `missing` notices.
"""

from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.models import AuditEvent

TABLE = AuditEvent._meta.db_table
REFUSAL = "audit events are append-only"

# REPLACE removes the old row without firing delete triggers, hence the third.
SQLITE = {
    f"{TABLE}_no_update": f"BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"{TABLE}_no_delete": f"BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"{TABLE}_no_replace": (
        f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    ),
}

# TRUNCATE fires no row triggers, hence the second.
POSTGRESQL = {
    f"{TABLE}_no_change": (
        f"BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()"
    ),
    f"{TABLE}_no_truncate": (
        f"BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()"
    ),
}
POSTGRESQL_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def protect_after_migrate(using: str, **kwargs: Any) -> None:
    """The receiver of post_migrate."""
    connection = connections[using]
    if TABLE in connection.introspection.table_names():
        install(connection)


def install(connection: BaseDatabaseWrapper) -> None:
    """Safe to repeat, and in one transaction, so that no moment is left unguarded."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
        for name, body in _wanted(connection).items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{_on_table(connection)}")
            cursor.execute(f"CREATE TRIGGER {name} {body}")


def lift(connection: BaseDatabaseWrapper) -> None:
    """Remove the protection. Only for tests that must empty the table between two of them."""
    with connection.cursor() as cursor:
        for name in _wanted(connection):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{_on_table(connection)}")


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """The triggers that should exist and do not, or are switched off."""
    if TABLE not in connection.introspection.table_names():
        return set()
    return set(_wanted(connection)) - _existing(connection)


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, str]:
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE


def _on_table(connection: BaseDatabaseWrapper) -> str:
    return f" ON {TABLE}" if connection.vendor == "postgresql" else ""


def _existing(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'O'",
                [TABLE],
            )
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE]
            )
        return {row[0] for row in cursor.fetchall()}
