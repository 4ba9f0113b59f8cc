"""The practice's campaign library at Relatient."""

from typing import Any

STANDARD_STEPS = [("-P7D", "email"), ("-P2D", "sms"), ("-PT2H", "sms")]
# A higher risk of not coming adds a call.
HIGH_STEPS = [("-P7D", "email"), ("-P3D", "sms"), ("-P1D", "voice"), ("-PT2H", "sms")]


def campaign(
    id: str,
    name: str,
    *,
    language: str = "en",
    modality: str = "any",
    high: bool = False,
    active: bool = True,
) -> dict[str, Any]:
    steps = HIGH_STEPS if high else STANDARD_STEPS
    return {
        "id": id,
        "name": f"{name} (high touch)" if high else name,
        "language": language,
        "modality": modality,
        "intensity": "high" if high else "standard",
        "channels": ["sms", "email", "voice"] if high else ["sms", "email"],
        "steps": [{"offset": offset, "channel": channel} for offset, channel in steps],
        "active": active,
    }


CAMPAIGNS = [
    campaign("cmp_preventive_en", "Preventive Care", modality="in_person"),
    campaign("cmp_preventive_en_high", "Preventive Care", modality="in_person", high=True),
    campaign("cmp_preventive_es", "Atención preventiva", language="es", modality="in_person"),
    campaign(
        "cmp_preventive_es_high",
        "Atención preventiva",
        language="es",
        modality="in_person",
        high=True,
    ),
    campaign("cmp_followup_en", "Follow-Up Visit"),
    campaign("cmp_followup_en_high", "Follow-Up Visit", high=True),
    campaign("cmp_telehealth_en", "Telehealth Visit", modality="telehealth"),
    campaign("cmp_telehealth_en_high", "Telehealth Visit", modality="telehealth", high=True),
    campaign("cmp_general_en", "General Reminder"),
    campaign("cmp_flu_2019_en", "Flu Season 2019", active=False),
]
