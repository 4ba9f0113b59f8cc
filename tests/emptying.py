"""Empty tables between tests, quickly.

Django's flush truncates every table and then makes all permissions and content types anew, which
takes longer than most tests. Few tables hold a row after a test, and nothing else needs emptying.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from audit import triggers
from project.schedules import ensure_schedules

OURS = ("audit", "campaigns", "integrations", "django_q")
# Made once by the migrations, and changed by no test.
MADE_BY_MIGRATE = {"django_migrations", "django_content_type", "auth_permission"}


def empty_all() -> None:
    """As after migrating: nobody is known, and the one schedule stands."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    _empty(set(tables) - MADE_BY_MIGRATE)
    ensure_schedules()
    # A test that lifted them and failed leaves none of those behind it unguarded.
    if triggers.missing(connection):
        triggers.install(connection)


def empty_ours(*, but: Iterable[type[Model]] = ()) -> None:
    """The product's own tables, without these; the staff's accounts stay."""
    kept = set(but)
    ours = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    _empty({model._meta.db_table for model in ours if model not in kept})


def _empty(tables: set[str]) -> None:
    """In any order: Django's foreign keys are checked at the end of a transaction."""
    # The only place where the triggers are lifted for long enough to remove anything.
    if guarded := triggers.TABLE in _filled(tables):
        triggers.lift(connection)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Asked again where nobody writes any more: a page may have had a request on its way.
            for name in _filled(tables if guarded else tables - {triggers.TABLE}):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")
    finally:
        if guarded:
            triggers.install(connection)


def _filled(tables: set[str]) -> list[str]:
    """Those that hold a row."""
    questions = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})"
        for name in sorted(tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(questions)
        return [row[0] for row in cursor.fetchall()]
