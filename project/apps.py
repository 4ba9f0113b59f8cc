from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "project"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Users"

    def ready(self) -> None:
        """Load what nothing else imports: checks, the console's registrations, sign-in auditing."""
        from project import admin_site, checks, signin  # noqa: F401
