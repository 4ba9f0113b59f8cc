from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Connections"

    def ready(self) -> None:
        """Connect the heartbeat, by which the workers say that they are alive."""
        from integrations import checks  # noqa: F401
        from integrations.health.heartbeat_thread import follow_tasks

        follow_tasks()
