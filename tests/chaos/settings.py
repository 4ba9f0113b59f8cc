"""The settings of every process of a chaos run: the product's own, in a shifted clock.

`tests.chaos.run` is installed last: it quickens leases and takes safeguards away (apps.py).
"""

from tests.chaos.clock import travel

travel()

from project.settings import *  # noqa: E402, F403
from project.settings import INSTALLED_APPS, Q_CLUSTER  # noqa: E402

# PostgreSQL's clock cannot be moved.
KEPT_CLOCK = "process"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.run"]
# A killed worker's task comes again within the run, not after most of an hour.
Q_CLUSTER = Q_CLUSTER | {"timeout": 60, "retry": 200}
