"""What the tests of the work list share: a practice, its desk, and visits to confirm."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import FRONT_DESK, Appointment, Patient, Practice
from project.models import User
from tests.factories import (
    AppointmentFactory,
    AppointmentTypeFactory,
    DepartmentFactory,
    PatientFactory,
    PracticeFactory,
    ProviderFactory,
    UserFactory,
)

PAGE = "/worklist/"


@pytest.fixture
def practice(db: None) -> Practice:
    made = PracticeFactory(name="Lakeside Family Medicine")
    DepartmentFactory(practice=made)
    ProviderFactory(practice=made)
    AppointmentTypeFactory(practice=made)
    return made


@pytest.fixture
def desk(client: Client, practice: Practice) -> User:
    user = UserFactory(username="dana", role=FRONT_DESK, practices=[practice])
    client.force_login(user)
    return user


def shown(client: Client, query: str = "") -> str:
    """The list as the desk sees it."""
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def visit_in(practice: Practice, hours: float, name: str = "", **fields) -> Appointment:
    """A visit that nobody has confirmed; up to 20 hours ahead it is always in the default view."""
    if name:
        fields["patient"] = named(practice, name)
    return AppointmentFactory(
        practice=practice, starts_at=timezone.now() + timedelta(hours=hours), **fields
    )


def named(practice: Practice, first: str, last: str = "Test", **described) -> Patient:
    return PatientFactory(
        practice=practice, describe={"first_name": first, "last_name": last, **described}
    )
