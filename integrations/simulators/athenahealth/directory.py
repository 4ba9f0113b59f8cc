"""The practice's reference data: the same in every scenario. All names are invented."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Department:
    id: str
    name: str
    patient_name: str
    zone_name: str
    phone: str
    address: str
    city: str
    state: str
    zip: str
    # Rows made years ago carry offsets only.
    names_zone: bool = True
    hidden: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)


@dataclass(frozen=True)
class Provider:
    id: str
    first_name: str
    last_name: str
    department_id: str
    kind: str = "Person"
    # Most recorded providers carry a displayname, about one in ten does not.
    has_display_name: bool = True

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class AppointmentType:
    id: str
    name: str
    patient_name: str
    duration: int
    generic: bool = False
    patient: bool = True
    template_only: bool = False
    telehealth: bool = False


@dataclass(frozen=True)
class CancelReason:
    id: str
    name: str
    noshow: bool = False
    patient_rescheduled: bool = False
    provider_unavailable: bool = False
    slot_available: bool = False


DEPARTMENTS = {
    row.id: row
    for row in [
        Department(
            "1",
            "MAIN ST",
            "Main Street Family Medicine",
            "US/Eastern",
            "(617) 226-7110",
            "1 Invented Street",
            "Boston",
            "MA",
            "02109",
        ),
        Department(
            "21",
            "LAKESIDE",
            "Lakeside Clinic",
            "America/Chicago",
            "(312) 226-7121",
            "21 Imaginary Avenue",
            "Chicago",
            "IL",
            "60601",
        ),
        # Arizona keeps standard time the year round.
        Department(
            "62",
            "SAGUARO",
            "Saguaro Health Center",
            "America/Phoenix",
            "(602) 226-7162",
            "62 Fictional Road",
            "Phoenix",
            "AZ",
            "85004",
        ),
        Department(
            "102",
            "HARBOR PEDS",
            "Harbor Pediatrics",
            "America/Los_Angeles",
            "(213) 226-7102",
            "102 Made-Up Lane",
            "Los Angeles",
            "CA",
            "90012",
        ),
        Department(
            "150",
            "OLD MILL",
            "Old Mill Annex",
            "America/Chicago",
            "(312) 226-7150",
            "150 Pretend Place",
            "Chicago",
            "IL",
            "60602",
            names_zone=False,
        ),
        Department(
            "900",
            "ARCHIVE",
            "Archive",
            "US/Eastern",
            "(617) 226-7190",
            "9 Nowhere Court",
            "Boston",
            "MA",
            "02110",
            hidden=True,
        ),
    ]
}

PROVIDERS = {
    row.id: row
    for row in [
        Provider("71", "Ada", "Samplewell", "1"),
        Provider("72", "Bruno", "Testington", "1", has_display_name=False),
        Provider("73", "Carla", "Mockridge", "21"),
        Provider("74", "Dario", "Placeholder", "62"),
        Provider("75", "Elin", "Fauxberg", "102"),
        Provider("76", "Farid", "Exampleton", "150"),
        # Some schedulable resources are not people.
        Provider("90", "", "Flu shot", "1", kind="Non-person entity", has_display_name=False),
    ]
}

APPOINTMENT_TYPES = {
    row.id: row
    for row in [
        AppointmentType("82", "OFFICE VISIT 30", "Preventive visit", 30),
        AppointmentType("83", "FOLLOW UP 15", "Follow-up visit", 15),
        AppointmentType("84", "NEW PATIENT 45", "New patient visit", 45),
        AppointmentType("85", "WELL CHILD 30", "Well child visit", 30),
        AppointmentType("86", "NURSE VISIT 10", "Nurse visit", 10),
        AppointmentType("87", "FLU SHOT", "Flu shot", 10),
        AppointmentType("88", "COUNSELING 40", "Counseling", 40),
        AppointmentType("91", "TELEHEALTH 20", "Video visit", 20, telehealth=True),
        AppointmentType("95", "CHART PREP", "Chart preparation", 15, patient=False),
        AppointmentType("2", "Any 15", "Visit", 15, generic=True),
        AppointmentType("3", "Block", "Block", 60, patient=False, template_only=True),
    ]
}

RESCHEDULED_FROM_API = "-4"
CANCELLED_FROM_API = "-5"
PATIENT_CANCELLED = "41"
PATIENT_RESCHEDULED = "42"
NO_SHOW = "43"

CANCEL_REASONS = {
    row.id: row
    for row in [
        # Negative ids are the system's own; all others are local to the practice.
        CancelReason(CANCELLED_FROM_API, "CANCELLED FROM API", slot_available=True),
        CancelReason(
            RESCHEDULED_FROM_API,
            "RESCHEDULED FROM API",
            patient_rescheduled=True,
            slot_available=True,
        ),
        CancelReason(PATIENT_CANCELLED, "PATIENT CANCELLED", slot_available=True),
        CancelReason(
            PATIENT_RESCHEDULED,
            "PATIENT RESCHEDULED",
            patient_rescheduled=True,
            slot_available=True,
        ),
        CancelReason(NO_SHOW, "NO SHOW", noshow=True),
        CancelReason("44", "PROVIDER UNAVAILABLE", provider_unavailable=True),
        CancelReason("45", "ENTERED IN ERROR"),
    ]
}

# Global to athenaNet; these four ids were seen in recorded rows.
CONFIRMATION_STATUSES = {
    "2": "Confirmed",
    "3": "Contacted",
    "8": "Unable To Reach",
    "41": "Confirmed by Operator",
}

LANGUAGES: list[dict[str, str]] = [
    {"name": "English", "iso6392code": "eng"},
    {"name": "Spanish", "iso6392code": "spa"},
    {"name": "Portuguese", "iso6392code": "por"},
    {"name": "Tagalog", "iso6392code": "tgl"},
    {"name": "French", "iso6392code": "fre"},
    # The one entry without a code.
    {"name": "Patient Declined"},
]
