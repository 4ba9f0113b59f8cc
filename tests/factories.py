"""Test objects, one factory per model. Names, numbers and ids are invented."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from campaigns import models
from campaigns.domain.coverage import Code, state_of
from campaigns.domain.effects import SYSTEM_OF
from campaigns.domain.values import EffectKind, EffectStatus, ReplyKind, WorkItemKind
from campaigns.practices.roles import ensure_roles
from campaigns.vendor_records import PatientRecord
from project.models import User

PASSWORD = "correct horse battery staple"


class PracticeFactory(DjangoModelFactory):
    class Meta:
        model = models.Practice

    external_id = factory.Sequence(lambda n: f"{195900 + n}")
    name = factory.Sequence(lambda n: f"Lakeside Family Medicine {n}")


class UserFactory(DjangoModelFactory):
    """UserFactory(role=FRONT_DESK, practices=[one, other])."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def role(self, create, role, **kwargs) -> None:
        if role:
            ensure_roles()
            self.groups.add(Group.objects.get(name=role))

    @factory.post_generation
    def practices(self, create, practices, **kwargs) -> None:
        for practice in practices or ():
            models.Membership.objects.create(user=self, practice=practice)


class ReferenceFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    practice = factory.SubFactory(PracticeFactory)


class DepartmentFactory(ReferenceFactory):
    class Meta:
        model = models.Department
        django_get_or_create = ("practice", "external_id")

    external_id = "1"
    name = "Main Street"
    time_zone = "America/New_York"


class ProviderFactory(ReferenceFactory):
    class Meta:
        model = models.Provider
        django_get_or_create = ("practice", "external_id")

    external_id = "71"
    name = "Dr. Amara Osei"


class AppointmentTypeFactory(ReferenceFactory):
    class Meta:
        model = models.AppointmentType
        django_get_or_create = ("practice", "external_id")

    external_id = "82"
    name = "Annual physical"


class CampaignFactory(ReferenceFactory):
    class Meta:
        model = models.Campaign
        django_get_or_create = ("practice", "external_id")

    external_id = "cmp_preventive_en"
    name = "Preventive visit"
    channels = ["sms", "email"]


class CampaignRuleFactory(ReferenceFactory):
    class Meta:
        model = models.CampaignRule

    appointment_type_id = "82"
    campaign = factory.SubFactory(CampaignFactory, practice=factory.SelfAttribute("..practice"))


class PatientFactory(DjangoModelFactory):
    """PatientFactory(describe={"first_name": "Ada"}) fills the record."""

    class Meta:
        model = models.Patient
        skip_postgeneration_save = True

    practice = factory.SubFactory(PracticeFactory)
    external_id = factory.Sequence(lambda n: f"{31000 + n}")

    @factory.post_generation
    def describe(self, create, extracted, **fields) -> None:
        known = {
            "first_name": "Rosa",
            "last_name": "Delgado",
            "date_of_birth": date(1980, 5, 17),
            "mobile_phone": "6172530142",
        }
        self.describe(PatientRecord(self.external_id, **{**known, **(extracted or {}), **fields}))
        self.read_began = self.read_ended = timezone.now()
        self.save()


class AppointmentFactory(DjangoModelFactory):
    """An enrolled visit of tomorrow that nobody has confirmed; `code` sets its coverage."""

    class Meta:
        model = models.Appointment
        exclude = ("code",)

    code = Code.ENROLLED
    practice = factory.SubFactory(PracticeFactory)
    patient = factory.SubFactory(PatientFactory, practice=factory.SelfAttribute("..practice"))
    external_id = factory.Sequence(lambda n: f"{900000 + n}")
    status = "scheduled"
    time_zone = "America/New_York"
    starts_at = factory.LazyFunction(
        lambda: timezone.now().replace(microsecond=0) + timedelta(hours=24)
    )
    local_start = factory.LazyAttribute(
        lambda o: o.starts_at.astimezone(ZoneInfo(o.time_zone)).replace(tzinfo=UTC)
    )
    duration_minutes = 30
    department_external_id = "1"
    provider_external_ids = ["71"]
    type_external_id = "82"
    type_name = "Annual physical"
    read_began = factory.LazyFunction(timezone.now)
    read_ended = factory.LazyAttribute(lambda o: o.read_began)
    first_seen_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=2))
    coverage_code = factory.SelfAttribute("code")
    coverage_state = factory.LazyAttribute(lambda o: state_of(Code(o.code)))


class AboutAppointmentFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    appointment = factory.SubFactory(AppointmentFactory)
    practice = factory.SelfAttribute("appointment.practice")


class ResponseFactory(AboutAppointmentFactory):
    class Meta:
        model = models.Response

    patient = factory.SelfAttribute("appointment.patient")
    event_id = factory.Sequence(lambda n: f"evt_{n}")
    kind = ReplyKind.CONFIRMED
    channel = "sms"
    told_starts_at = factory.SelfAttribute("appointment.starts_at")
    occurred_at = factory.LazyFunction(timezone.now)
    received_at = factory.SelfAttribute("occurred_at")


class WorkItemFactory(AboutAppointmentFactory):
    class Meta:
        model = models.WorkItem

    kind = WorkItemKind.MESSAGE_FAILED
    sentence = "A reminder could not be delivered. Check the contact data, or call."
    opened_at = factory.LazyFunction(timezone.now)


class EffectFactory(AboutAppointmentFactory):
    class Meta:
        model = models.Effect

    kind = EffectKind.ENROLL
    vendor = factory.LazyAttribute(lambda o: o.practice.vendor_of(SYSTEM_OF[EffectKind(o.kind)]))
    patient = factory.SelfAttribute("appointment.patient")
    key = factory.Sequence(lambda n: f"kept-effect-{n}")
    status = EffectStatus.QUEUED
    created_at = factory.LazyFunction(timezone.now)
    next_attempt_at = factory.LazyAttribute(
        lambda o: o.created_at if o.status in (EffectStatus.QUEUED, EffectStatus.UNKNOWN) else None
    )


class DecisionFactory(AboutAppointmentFactory):
    class Meta:
        model = models.DecisionRecord

    at = factory.LazyFunction(timezone.now)
    code = Code.ENROLLED
    state = factory.LazyAttribute(lambda o: state_of(Code(o.code)))
    findings = [["status", "scheduled", "scheduled"], ["no_shows", "0 in 180 days", "standard"]]
