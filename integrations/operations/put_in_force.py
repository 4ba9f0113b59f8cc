"""Another vendor for a practice's reminders, which a person decides: only where nothing is open.

The vendor before must be paused, so that nothing goes out meanwhile, and hold nothing of ours: what
it reminds of would go on there, and be begun a second time here.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.recorder import audit_row
from campaigns import doorbell
from campaigns.clock import database_now
from campaigns.domain.effects import kinds_sent_to
from campaigns.domain.values import IN_FLIGHT, EffectStatus, EnrollmentStatus, System
from campaigns.locking import retried
from campaigns.look_queue import schedule_upcoming_looks
from campaigns.models import Effect, Enrollment, Patient, Practice
from campaigns.outbox.queue import supersede
from campaigns.ports import GatewayError
from integrations.connections import registry
from integrations.models import Connection, FeedCursor
from integrations.reconcile.progress import end_rounds
from integrations.setup.reference_data import store_campaigns
from integrations.transport.errors import Nonsense
from integrations.vendors import EngagementFace, engagement_of, face_of

OPEN = (EnrollmentStatus.ENROLLING, EnrollmentStatus.ACTIVE, EnrollmentStatus.CANCELLING)
OF_ENGAGEMENT = kinds_sent_to([System.ENGAGEMENT])


class StillInUse(Exception):
    """The vendor in force stays; the text is a sentence that says what to do first."""


def may_be_put_in_force(connection: Connection) -> bool:
    """Whether it leads to another vendor of reminders than the one in force."""
    return isinstance(face_of(connection.vendor), EngagementFace) and not (
        connection.practice.systems_of(connection.vendor)
    )


def put_in_force(connection: Connection) -> None:
    """Have a practice's reminders run by this connection's vendor from now on.

    Raises StillInUse, and changes nothing, while anything is open at the one before. What that one
    was never sent is dropped, who its patients are is forgotten, and looks become due at every
    visit ahead.
    """
    face = face_of(connection.vendor)
    assert isinstance(face, EngagementFace)
    try:
        face.probe(connection)
        library = face.campaigns(connection, _no_guard)
    except (GatewayError, Nonsense) as error:
        raise StillInUse(f"Nothing was changed. {error.sentence}") from None

    def work() -> None:
        with transaction.atomic():
            practice = Practice.objects.select_for_update().get(pk=connection.practice_id)
            _refuse_while_open(practice)
            now = database_now()
            before, practice.engagement_vendor = practice.engagement_vendor, connection.vendor
            practice.save(update_fields=["engagement_vendor"])
            audit_row(
                "practice.engagement_vendor", practice, before=before, after=connection.vendor
            )
            _forget(practice, connection, now)
            store_campaigns(practice, library)
            schedule_upcoming_looks(practice)

    retried(work)
    connection.refresh_from_db()
    doorbell.ring()


def _no_guard() -> None:
    """Nothing is leased here."""


def _refuse_while_open(practice: Practice) -> None:
    name = practice.vendor_of(System.ENGAGEMENT).label
    if System.ENGAGEMENT not in registry.stopped(practice.external_id):
        raise StillInUse(
            f"Pause the connection to {name} first, so that nothing goes out meanwhile."
        )
    count = Enrollment.objects.filter(practice=practice, status__in=OPEN).count()
    if count:
        raise StillInUse(
            f"Visits still have reminders at {name} ({count}). Switch the rules off, also for "
            "those who were written to, and resume, so that Kept ends them. Then come back."
        )
    flying = Effect.objects.filter(
        practice=practice, kind__in=OF_ENGAGEMENT, status__in=sorted(IN_FLIGHT)
    )
    if flying.exists():
        raise StillInUse(
            f"It is not clear yet whether {name} did all that Kept asked. Resume, and see Effects."
        )


def _forget(practice: Practice, connection: Connection, now: datetime) -> None:
    """What was believed of the vendor before, its refusals included."""
    unsent = (EffectStatus.QUEUED, EffectStatus.REJECTED)
    rows = Effect.objects.filter(practice=practice, kind__in=OF_ENGAGEMENT, status__in=unsent)
    for effect in rows.select_related("practice", "appointment", "patient", "enrollment"):
        supersede(effect, now)
    Patient.objects.filter(practice=practice).update(
        relatient_id="", relatient_holds=None, told_consents={}
    )
    for which in engagement_of(practice).feeds:
        FeedCursor.objects.filter(practice=practice, feed=which).update(
            connection=connection,
            cursor="",
            next_poll_at=now,
            lease_token="",
            lease_until=None,
            failing_since=None,
            incident="",
            alerted=False,
        )
    end_rounds(practice, "Another vendor of reminders was put in force.")
