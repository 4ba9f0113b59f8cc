"""django-q2's own command, whose workers hear of it when they are told to stop."""

from __future__ import annotations

import logging
import os
from typing import Any

from django.db import Error
from django_q.cluster import Cluster
from django_q.management.commands import qcluster

from campaigns.encryption import KeyMissing, require_field_keys
from campaigns.management.practice_command import BadUsage
from campaigns.shutdown import request_shutdown

logger = logging.getLogger(__name__)


class Command(qcluster.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """As django-q2's, with a cluster of ours; one that lacks a field key does not start."""
        try:
            require_field_keys()
        except KeyMissing as missing:
            raise BadUsage(str(missing)) from None
        except Error:
            # Out of reach for a while: each task asks again.
            logger.warning("field_keys_not_checked", exc_info=True)
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
