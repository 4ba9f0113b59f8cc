"""The tables, a file each; import them from here."""

from campaigns.models.appointment import BULK, PROMPT, ROUTINE, Appointment
from campaigns.models.decision import DecisionRecord
from campaigns.models.enrollment import Enrollment
from campaigns.models.outbox import Attempt, Effect
from campaigns.models.patient import ConsentEvent, Patient
from campaigns.models.practice import (
    AppointmentType,
    Campaign,
    ChartCancelReason,
    ConfirmationStatus,
    Department,
    Practice,
    Provider,
)
from campaigns.models.response import Response
from campaigns.models.rule import CampaignRule, RuleChange
from campaigns.models.staff import (
    ADMINS,
    CLINICAL_OPS,
    FRONT_DESK,
    ROLES,
    CallClaim,
    Membership,
    StaffInstruction,
)
from campaigns.models.worklist import WorkItem

__all__ = [
    "ADMINS",
    "BULK",
    "CLINICAL_OPS",
    "FRONT_DESK",
    "PROMPT",
    "ROLES",
    "ROUTINE",
    "Appointment",
    "AppointmentType",
    "Attempt",
    "CallClaim",
    "Campaign",
    "CampaignRule",
    "ChartCancelReason",
    "ConfirmationStatus",
    "ConsentEvent",
    "DecisionRecord",
    "Department",
    "Effect",
    "Enrollment",
    "Membership",
    "Patient",
    "Practice",
    "Provider",
    "Response",
    "RuleChange",
    "StaffInstruction",
    "WorkItem",
]
