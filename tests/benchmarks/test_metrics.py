"""What a scrape of /metrics and a look at /readyz take over 100,000 visits, a tenth of them due.

Seconds are printed, not judged: machines differ. What is judged is that the number of queries
does not depend on the number of visits, and that time grows no worse than linearly.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Mod
from django.test import Client
from django.utils import timezone

from campaigns.models import Appointment
from tests.benchmarks.test_rule_change import FEW, LINEAR, MANY, Measured, a_practice, measured

ADDRESSES = ("/metrics", "/readyz")


def run(visits: int) -> dict[str, Measured]:
    """Every visit has a timer, and every tenth of them is due."""
    practice = a_practice(visits)
    rows = Appointment.objects.filter(practice=practice)
    rows.update(look_due_at=F("starts_at"))
    rows.alias(tenth=Mod("pk", 10)).filter(tenth=0).update(look_due_at=timezone.now())
    client = Client()
    found = {}
    for address in ADDRESSES:
        client.get(address)
        found[address] = measured(lambda address=address: client.get(address))
        assert found[address].answer.status_code == 200
        print(
            f"\n{connection.vendor}, {visits:,} visits: {address} "
            f"{1000 * found[address].seconds:.0f} ms in {found[address].queries} queries"
        )
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("as_process")
def test_watching_100_000_visits() -> None:
    few, many = run(FEW), run(MANY)
    for address in ADDRESSES:
        assert few[address].queries == many[address].queries
        assert many[address].seconds < max(few[address].seconds, 0.02) * LINEAR
