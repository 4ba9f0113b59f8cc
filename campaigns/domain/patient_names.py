"""What a patient is called: the chart's own name, and the one that they prefer.

Whoever writes to a patient uses the preferred name; what has to say whom the chart means, such as
a printed sheet, has the chart's own as its heading.
"""

from __future__ import annotations

import re

from campaigns.domain.same_text import plain_words
from campaigns.domain.snapshot import PatientDescription

# Typed into the field where nobody prefers another name.
_NO_NAME = frozenset(
    {"declined", "n a", "na", "no", "none", "not applicable", "nothing", "refused", "same"}
    | {"same as above", "same as legal", "unknown"}
)
# What is said behind a name, as in Peggy (Margaret).
_ASIDE = re.compile(r"(?<=\w)\s*[(\[{].*", re.DOTALL)
# What stands around a name that somebody set apart, as in Margaret "Peggy" Ruiz.
_AROUND = " \t\r\n,;:.()[]{}\"'`“”‘’«»"


def chart_name(patient: PatientDescription) -> str:
    """First and last name, as the chart has them."""
    return f"{patient.first_name} {patient.last_name}".strip()


def preferred_name(patient: PatientDescription) -> str:
    """The first name that the patient prefers; empty where it is the chart's own, or none."""
    name = " ".join(_ASIDE.sub("", patient.preferred_name).strip(_AROUND).split())
    first, last = _apart(name, len(patient.last_name.split()))
    if first and plain_words(last) == plain_words(patient.last_name):
        # Some type the last name as well.
        name = first.strip(_AROUND)
    words = plain_words(name)
    if not any(map(str.isalpha, name)) or " ".join(words) in _NO_NAME:
        return ""
    return "" if words == plain_words(patient.first_name) else name


def _apart(name: str, last: int) -> tuple[str, str]:
    """A name without its last so many words, and those words."""
    words = name.split()
    return " ".join(words[: len(words) - last]), " ".join(words[len(words) - last :])


def first_name_to_use(patient: PatientDescription) -> str:
    """How the patient is addressed."""
    return preferred_name(patient) or patient.first_name


def name_to_use(patient: PatientDescription) -> str:
    """First and last name, as the patient is addressed."""
    return f"{first_name_to_use(patient)} {patient.last_name}".strip()
