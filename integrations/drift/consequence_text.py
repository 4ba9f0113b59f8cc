"""What Kept does with a value it does not know, in the words of the console. Never a guess."""

from __future__ import annotations

from integrations.drift.observe import DriftKind

CONSEQUENCES: dict[DriftKind, str] = {
    DriftKind.APPOINTMENT_STATUS: "The row is parked; the visit stays as it was last understood.",
    DriftKind.CONFIRMATION_STATUS: (
        "The visit counts as not confirmed. Run bootstrap to load the list."
    ),
    DriftKind.CANCEL_REASON: "The visit is cancelled all the same. Run bootstrap to load the list.",
    DriftKind.DEPARTMENT: "The visit waits for the department's time zone. Run bootstrap.",
    DriftKind.PROVIDER: "The reminder names the provider by number only. Run bootstrap.",
    DriftKind.RESOURCE_TYPE: "It counts as a resource, not as a person.",
    DriftKind.PATIENT_STATUS: "The patient is not taken in, so nobody is reminded by mistake.",
    DriftKind.LANGUAGE: "Reminders go out in the practice's own language.",
    DriftKind.CONTACT_PREFERENCE: "The hint is ignored; consents and preferences by channel count.",
    DriftKind.GUARANTOR_RELATION: "A relation that is no number makes nobody a child's guardian.",
    DriftKind.EMERGENCY_RELATION: "The contact does not count as a parent or guardian.",
    DriftKind.SUBSCRIPTION_STATUS: (
        "The feed counts as not active; the gap is read again at each poll."
    ),
    DriftKind.EVENT_TYPE: "The event is parked; nothing is done for it.",
    DriftKind.CHANNEL: "A consent is parked, a reply is taken in, a campaign loses the channel.",
    DriftKind.ENROLLMENT_STATUS: "The answer is not used; the enrollment stays as it was.",
    DriftKind.CONSENT_STATE: (
        "The record is not used, so nobody is enrolled against a no in a new word."
    ),
    DriftKind.MESSAGE_STATUS: "Shown as it came.",
    DriftKind.CAMPAIGN_MODALITY: "A rule for any modality does not use this campaign.",
    DriftKind.CAMPAIGN_INTENSITY: "Nothing depends on it; it is shown as it came.",
    DriftKind.ERROR_CODE: "The effect is refused, and the code is shown in the timeline.",
    DriftKind.WAITLIST_PRIORITY: "The entry counts as of normal priority.",
    DriftKind.FLAG: (
        "A consent or preference: the patient is not taken in. Anything else: as if absent."
    ),
    DriftKind.SHAPE: "The row is parked, or the field counts as absent.",
}


def consequence_of(what: str) -> str:
    """The sentence for the `what` of an unknown value."""
    for known, sentence in CONSEQUENCES.items():
        if what == known or (known.endswith(":") and what.startswith(known)):
            return sentence
    return "It is counted here, and nothing is done with it."
