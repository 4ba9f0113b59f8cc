from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        """Protect the table after every migrate: a rebuilt SQLite table loses its triggers."""
        from audit import checks  # noqa: F401
        from audit.triggers import protect_after_migrate

        post_migrate.connect(protect_after_migrate, sender=self)
