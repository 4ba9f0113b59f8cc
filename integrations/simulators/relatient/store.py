"""What Relatient holds, and what may happen to it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..record_digest import Changed, RecordDigests
from .library import CAMPAIGNS
from .times import before_appointment, instant, read_instant

Record = dict[str, Any]

# channel -> the contact fields that reach somebody on it, the first present one is used
REACHED_BY = {"email": ["email"], "sms": ["mobile_phone"], "voice": ["mobile_phone", "home_phone"]}


class Store:
    def __init__(self, changed: Changed, told: Callable[[Record], None]) -> None:
        """`told` hears of every event as it is appended."""
        self.digests = RecordDigests(changed)
        self.told = told
        self.campaigns = {campaign["id"]: campaign for campaign in CAMPAIGNS}
        self.patients: dict[str, Record] = {}
        self.patients_by_external_id: dict[str, list[Record]] = defaultdict(list)
        self.enrollments: dict[str, Record] = {}
        self.enrollments_of_appointment: dict[str, list[Record]] = defaultdict(list)
        self.enrollment_ids_of_patient: dict[str, list[str]] = defaultdict(list)
        self.messages: dict[str, Record] = {}
        self.message_ids_of_enrollment: dict[str, list[str]] = defaultdict(list)
        self.events: list[Record] = []
        self.dropped_to = 0
        self.counters: dict[str, int] = {}

    def new_id(self, kind: str) -> str:
        self.counters[kind] = self.counters.get(kind, 0) + 1
        return f"{kind}_{self.counters[kind]:06d}"

    def add_patient(self, fields: Record) -> Record:
        patient = {"language": "en", "consents": {}, **fields, "id": self.new_id("pat")}
        self.patients[patient["id"]] = patient
        self.patients_by_external_id[patient["external_id"]].append(patient)
        return self.patient_changed(patient)

    def patient_changed(self, patient: Record) -> Record:
        patient["etag"] = self.new_id("etag")
        return patient

    def patients_with(self, external_id: str) -> list[Record]:
        return self.patients_by_external_id.get(external_id, [])

    def update_patient(self, patient: Record, fields: Record) -> Record:
        self.patients_by_external_id[patient["external_id"]].remove(patient)
        patient |= fields
        self.patients_by_external_id[patient["external_id"]].append(patient)
        return self.patient_changed(patient)

    def set_consent(self, patient: Record, channel: str, state: str) -> Record:
        patient["consents"][channel] = state
        return self.patient_changed(patient)

    def active_for(self, appointment_external_id: str) -> Record | None:
        of_it = self.enrollments_of_appointment.get(appointment_external_id, [])
        return next((one for one in of_it if one["status"] == "active"), None)

    def latest_for(self, appointment_external_id: str) -> Record | None:
        """The enrollment a reply belongs to: the active one, else the newest."""
        of_it = self.enrollments_of_appointment.get(appointment_external_id, [])
        return self.active_for(appointment_external_id) or (of_it[-1] if of_it else None)

    def add_enrollment(self, fields: Record, now: datetime) -> Record:
        enrollment = fields | {
            "id": self.new_id("enr"),
            "status": "active",
            "created_at": instant(now),
            "ended_at": None,
        }
        enrollment["history"] = [["active", instant(now)]]
        self.enrollments[enrollment["id"]] = enrollment
        self.enrollments_of_appointment[enrollment["appointment"]["external_id"]].append(enrollment)
        self.enrollment_ids_of_patient[enrollment["patient_id"]].append(enrollment["id"])
        self.compare(enrollment, now)
        self.send_initial(enrollment, now)
        return enrollment

    def enrollments_of(self, patient_id: str) -> list[Record]:
        ids = self.enrollment_ids_of_patient.get(patient_id, [])
        return [self.enrollments[id] for id in ids if id in self.enrollments]

    def messages_of(self, enrollment_id: str) -> list[Record]:
        ids = self.message_ids_of_enrollment.get(enrollment_id, [])
        return [self.messages[id] for id in ids if id in self.messages]

    def compare(self, enrollment: Record, now: datetime) -> None:
        self.digests.see(enrollment["id"], digest_of(enrollment), now)

    def update_enrollment(self, enrollment: Record, fields: Record, now: datetime) -> None:
        self.enrollments_of_appointment[enrollment["appointment"]["external_id"]].remove(enrollment)
        enrollment |= fields
        self.enrollments_of_appointment[enrollment["appointment"]["external_id"]].append(enrollment)
        self.compare(enrollment, now)

    def end_enrollment(self, enrollment: Record, status: str, reason: str, now: datetime) -> None:
        enrollment |= {"status": status, "end_reason": reason, "ended_at": instant(now)}
        enrollment["history"].append([status, instant(now)])
        self.compare(enrollment, now)

    def usable_channels(self, enrollment: Record) -> list[str]:
        """Allowed, in the campaign, reachable and not opted out; the lead channel first."""
        patient = self.patients[enrollment["patient_id"]]
        wanted = [enrollment["lead_channel"], *enrollment["channels_allowed"]]
        offered = self.campaigns[enrollment["campaign_id"]]["channels"]
        usable = [
            one
            for one in dict.fromkeys(wanted)
            if one in enrollment["channels_allowed"] and one in offered
        ]
        contacts = contacts_of(enrollment.get("recipient"), patient)
        return [one for one in usable if reachable(one, contacts) and not opted_out(one, patient)]

    def send_initial(self, enrollment: Record, now: datetime) -> Record:
        """`starts_at` is what the patient was told; the contract does not promise it."""
        usable = self.usable_channels(enrollment)
        channel = usable[0] if usable else enrollment["lead_channel"]
        told = {"step": "initial", "starts_at": enrollment["appointment"]["starts_at"]}
        if not usable:
            told |= {"status": "skipped", "reason": "no channel left"}
        return self.add_message(channel, now, enrollment_id=enrollment["id"], **told)

    def add_message(self, channel: str, now: datetime, **fields: Any) -> Record:
        message: Record = {
            "id": self.new_id("msg"),
            "enrollment_id": None,
            "channel": channel,
            "status": "sent",
            "reason": None,
        }
        message |= {"created_at": instant(now), **fields}
        self.messages[message["id"]] = message
        if message["enrollment_id"]:
            self.message_ids_of_enrollment[message["enrollment_id"]].append(message["id"])
        return message

    def emit(self, kind: str, now: datetime, **fields: Any) -> Record:
        event = {"id": self.new_id("evt"), "type": kind, "occurred_at": instant(now), **fields}
        return self.append_event(event, now)

    def append_event(self, event: Record, now: datetime) -> Record:
        """`seq` counts deliveries, so an event told twice has one id and two of them."""
        last = self.events[-1]["seq"] if self.events else self.dropped_to
        self.events.append(event | {"seq": last + 1, "stored_at": now})
        self.told(self.events[-1])
        return self.events[-1]

    def events_after(self, seq: int) -> list[Record]:
        return self.events[bisect_right(self.events, seq, key=lambda event: event["seq"]) :]

    def drop_events(self, before: datetime) -> None:
        if not self.events or self.events[0]["stored_at"] >= before:
            return
        kept = [event for event in self.events if event["stored_at"] >= before]
        if len(kept) < len(self.events):
            self.dropped_to = self.events[len(self.events) - len(kept) - 1]["seq"]
        self.events = kept

    def drop_old_events(self, now: datetime, days: int) -> None:
        self.drop_events(now - timedelta(days=days))

    def last_step_due(self, enrollment: Record) -> datetime:
        steps = self.campaigns[enrollment["campaign_id"]]["steps"]
        latest = min(before_appointment(step["offset"]) for step in steps)
        return read_instant(enrollment["appointment"]["starts_at"]) - latest


def digest_of(enrollment: Record) -> Record:
    return {
        "status": enrollment["status"],
        "appointment_external_id": enrollment["appointment"]["external_id"],
        "starts_at": enrollment["appointment"]["starts_at"],
        "campaign_id": enrollment["campaign_id"],
        "patient_id": enrollment["patient_id"],
    }


def contacts_of(recipient: Record | None, patient: Record) -> Record:
    """A guardian's contacts stand alone; a patient's own may be overridden."""
    if recipient and recipient["kind"] == "guardian":
        return recipient
    return patient | {
        name: value
        for name, value in (recipient or {}).items()
        if name in ("email", "mobile_phone", "home_phone")
    }


def reachable(channel: str, contacts: Record) -> bool:
    return any(contacts.get(name) for name in REACHED_BY[channel])


def opted_out(channel: str, patient: Record) -> bool:
    return bool(patient["consents"].get(channel) == "opted_out")
