"""What athenahealth tells of by events, and what Kept asks for."""

from __future__ import annotations

from integrations.models import Feed
from integrations.vendors import TopicGroup

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

MOVED = frozenset({"Appointment.reschedule"})
# Topics whose silence a poll of the visits would show.
WATCHED = (
    TopicGroup(frozenset({"Appointment.schedule"}), MOVED, "new"),
    TopicGroup(
        frozenset(
            {
                "Appointment.update",
                "Appointment.cancel",
                "Appointment.check-in",
                "Appointment.check-out",
            }
        ),
        MOVED,
        "changed",
    ),
)
