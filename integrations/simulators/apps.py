from django.apps import AppConfig


class SimulatorsConfig(AppConfig):
    name = "integrations.simulators"
    label = "simulators"
