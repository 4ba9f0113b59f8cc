from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProjectConfig(AppConfig):
    name = "project"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Users"

    def ready(self) -> None:
        """Load what nothing else imports: checks, the console's registrations, sign-in auditing."""
        from project import checks  # noqa: F401
        from project.console import admin_site  # noqa: F401
        from project.schedules import ensure_schedules
        from project.web import signin  # noqa: F401

        post_migrate.connect(ensure_schedules, sender=self)
