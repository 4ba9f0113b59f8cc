"""django-q2's own command, whose workers hear of it when they are told to stop."""

from __future__ import annotations

import os
from typing import Any

from django_q.cluster import Cluster
from django_q.management.commands import qcluster

from campaigns.shutdown import request_shutdown


class Command(qcluster.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """As django-q2's; only the cluster is ours."""
        if options.get("cluster_name"):
            os.environ["Q_CLUSTER_NAME"] = options["cluster_name"]
        cluster = TellingCluster()
        cluster.start()
        if options.get("run_once", False):
            cluster.stop()


class TellingCluster(Cluster):
    """Tells the workers, and then waits for them as it always does."""

    def sig_handler(self, signum: int, frame: Any) -> None:
        """SIGTERM or SIGINT has come."""
        request_shutdown()
        super().sig_handler(signum, frame)
