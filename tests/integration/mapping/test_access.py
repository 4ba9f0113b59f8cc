"""Who may open and use the mapping editor, and how often it asks the database."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.domain.coverage import Code, state_of
from campaigns.models import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    Appointment,
    AppointmentType,
    Practice,
    RuleChange,
)
from tests.factories import (
    AppointmentTypeFactory,
    PracticeFactory,
    UserFactory,
)
from tests.integration.mapping.mapping_room import ANY_CELL, PAGE, SAVE, form, practice, vera
from tests.integration.rule_room import visit

__all__ = ["practice", "vera"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_process")]


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}import/", f"{PAGE}rules.csv"])
def test_the_doors(client: Client, practice: Practice, address: str) -> None:
    asked = {"practice": practice.pk}
    for role, status in ((CLINICAL_OPS, 200), (ADMINS, 200), (FRONT_DESK, 403)):
        client.force_login(UserFactory(role=role, practices=[practice]))
        assert client.get(address, asked).status_code == status
    client.force_login(UserFactory(role=CLINICAL_OPS, practices=[PracticeFactory()]))
    assert client.get(address, asked).status_code == 404
    client.logout()
    assert client.get(address, asked).url.startswith("/accounts/login/")


@pytest.mark.parametrize("address", [SAVE, f"{PAGE}type/", f"{PAGE}import/"])
def test_the_doors_of_what_is_saved(client: Client, practice: Practice, address: str) -> None:
    sent = form(practice, what="rules", **{ANY_CELL: "-"})
    client.force_login(UserFactory(role=FRONT_DESK, practices=[practice]))
    assert client.post(address, sent).status_code == 403
    client.force_login(UserFactory(role=CLINICAL_OPS, practices=[PracticeFactory()]))
    assert client.post(address, sent).status_code == 404
    client.logout()
    assert client.post(address, sent).url.startswith("/accounts/login/")
    assert not RuleChange.objects.exists()


def test_a_type_that_does_not_exist(client: Client, practice: Practice, vera: AbstractUser) -> None:
    AppointmentTypeFactory(practice=PracticeFactory(), external_id="777")
    assert client.get(PAGE, {"type": "777"}).status_code == 404
    assert client.post(SAVE, form(practice, "777")).status_code == 404
    asked = {"practice": practice.pk, "type": "777"}
    assert client.post(f"{PAGE}type/", asked).status_code == 404
    assert client.get(f"{PAGE}people.csv").status_code == 404


def many_like(first: Appointment, number: int) -> list[Appointment]:
    """Visits of 465 types in three languages, all without a rule."""
    now = timezone.now()
    return [
        Appointment(
            practice=first.practice,
            patient=first.patient,
            external_id=f"bulk{one}",
            status="scheduled",
            local_start=first.local_start,
            starts_at=first.starts_at,
            department_external_id="1",
            type_external_id=str(1000 + one % 465),
            type_name="Bulk",
            read_began=now,
            read_ended=now,
            first_seen_at=now,
            coverage_code=Code.NO_RULE,
            coverage_state=state_of(Code.NO_RULE),
            route_modality="in_person",
            route_risk="standard",
            route_language=("en", "es", "ht")[one % 3],
        )
        for one in range(number)
    ]


def test_queries_do_not_grow_with_visits_types_or_changes(
    client: Client, practice: Practice, vera: AbstractUser
) -> None:
    first = visit(practice)
    for _ in range(9):
        visit(practice)
    cells = {ANY_CELL: "cmp_es", "cell:any:enhanced:any": "cmp_en"}

    def queries() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as page:
            assert client.get(PAGE, {"type": "82"}).status_code == 200
        with CaptureQueriesContext(connection) as effect:
            assert client.post(SAVE, form(practice, **cells)).status_code == 200
        return len(page), len(effect)

    # The first visit writes into the session which practice was chosen.
    queries()
    few = queries()
    Appointment.objects.bulk_create(many_like(first, 9_990), batch_size=1000)
    kinds = [
        AppointmentType(practice=practice, external_id=str(1000 + number), name=f"Kind {number}")
        for number in range(465)
    ]
    AppointmentType.objects.bulk_create(kinds)
    for _ in range(20):
        RuleChange.objects.create(
            practice=practice, status="applied", made_at=timezone.now(), made_by_name="vera"
        )

    assert queries() == few
    assert few[0] <= 30
