"""The topics of the event platform, and which event of the chart is told under which.

Source: athenahealth/aone-fhir-subscriptions, README. What a reschedule sends is not shown there:
here the old visit is told as `Appointment.reschedule` and the new one as `Appointment.schedule`.
"""

from .chart import Row

TOPIC_OF = {
    "ScheduleAppointment": "Appointment.schedule",
    "UpdateAppointment": "Appointment.update",
    "CancelAppointment": "Appointment.cancel",
    "CheckIn": "Appointment.check-in",
    "CheckOut": "Appointment.check-out",
    "FreezeAppointment": "Appointment.freeze",
    "UnfreezeAppointment": "Appointment.unfreeze",
    "AddPatient": "Patient.create",
    "UpdatePatient": "Patient.update",
    "DeletePatient": "Patient.delete",
    "MergePatient": "Patient.merge",
}
RESCHEDULE = "Appointment.reschedule"
DESCRIPTIONS = {
    "Appointment.schedule": "A patient is scheduled into an appointment.",
    "Appointment.update": "An existing appointment is changed.",
    RESCHEDULE: "An existing appointment is moved to another one.",
    "Appointment.cancel": "An existing appointment is cancelled.",
    "Appointment.check-in": "An existing appointment is checked in.",
    "Appointment.check-out": "An existing appointment is checked out.",
    "Appointment.freeze": "An open appointment slot is frozen.",
    "Appointment.unfreeze": "A frozen appointment slot is open again.",
    "Patient.create": "A new Patient record is created.",
    "Patient.update": "An existing Patient record is changed.",
    "Patient.delete": "An existing Patient record is deleted.",
    "Patient.merge": "Two Patient records are merged.",
}


def topic_of(event: str, row: Row) -> str | None:
    """None for what has no topic, such as a new open slot."""
    if event == "CancelAppointment" and row.get("rescheduledappointmentid"):
        return RESCHEDULE
    return TOPIC_OF.get(event)
