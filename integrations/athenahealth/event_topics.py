"""What athenahealth tells of by events, what Kept asks for, and what a row's status may say."""

from __future__ import annotations

from enum import StrEnum

from integrations.models import Feed

# The topics that Kept subscribes to (contract, section 7), and what each tells of.
TOPICS = {
    "Appointment.schedule": "a visit was booked",
    "Appointment.update": "a visit was changed",
    "Appointment.reschedule": "a visit was moved",
    "Appointment.cancel": "a visit was cancelled",
    "Appointment.check-in": "a patient was checked in",
    "Appointment.check-out": "a patient was checked out",
    "Patient.update": "a patient's details were changed",
    "Patient.merge": "two patients became one",
}
# Without one of these the poll of that feed is the first to tell, and must not slow down.
NEEDED = {
    Feed.APPOINTMENTS: frozenset(
        f"Appointment.{verb}" for verb in ("schedule", "update", "reschedule", "cancel")
    ),
    Feed.PATIENTS: frozenset({"Patient.update", "Patient.merge"}),
}

# The vendor's words for a subscription that tells, or is about to.
ACTIVE, REQUESTED = "active", "requested"
LIVE = frozenset({ACTIVE, REQUESTED})


class Wish(StrEnum):
    """What Kept requested for a subscription; stands in the status column until it is
    carried out.
    """

    WANTED = "wanted"
    RENEW = "to be renewed"
    DELETE = "to be deleted"


def placeholder(topic: str) -> str:
    """Stands in for athenahealth's id while there is none, so that a topic can be requested only
    once.
    """
    return f"wanted:{topic}"


def in_words(topic: str) -> str:
    """A topic for people; one that Kept never asked for keeps the vendor's name."""
    return TOPICS.get(topic, topic)
