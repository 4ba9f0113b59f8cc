from django.apps import AppConfig


class RunningConfig(AppConfig):
    """Stands before django_q in INSTALLED_APPS, so that its `qcluster` is the one that is run."""

    name = "project.running"
    verbose_name = "Background processes"
