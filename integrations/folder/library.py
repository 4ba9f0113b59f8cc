"""The campaign library of a folder: `campaigns.csv`, which clinical ops edit.

What a campaign does is the other tool's business; here stands by what name Kept asks for it. The
file counts as a whole: where one line makes no sense, the library stays as it was.
"""

from __future__ import annotations

import re

from campaigns.domain.values import Channel
from campaigns.vendor_records import CampaignRecord
from integrations.folder import files, formats
from integrations.folder.files import Places
from integrations.transport.errors import Nonsense

COLUMNS = ("campaign_id", "name", "language", "modality", "intensity", "channels", "active")
# Shown in the order in which they are named; a rule names campaigns by their ids.
STARTER = """\
campaign_id,name,language,modality,intensity,channels,active
cmp_preventive_en,Preventive Care,en,in_person,standard,sms email,true
cmp_preventive_en_high,Preventive Care (high touch),en,in_person,high,sms email voice,true
cmp_preventive_es,Atención preventiva,es,in_person,standard,sms email,true
cmp_preventive_es_high,Atención preventiva (high touch),es,in_person,high,sms email voice,true
cmp_followup_en,Follow-Up Visit,en,any,standard,sms email,true
cmp_followup_en_high,Follow-Up Visit (high touch),en,any,high,sms email voice,true
cmp_telehealth_en,Telehealth Visit,en,telehealth,standard,sms email,true
cmp_telehealth_en_high,Telehealth Visit (high touch),en,telehealth,high,sms email voice,true
cmp_general_en,General Reminder,en,any,standard,sms email,true
"""
MODALITIES = ("in_person", "telehealth", "any")
INTENSITIES = ("standard", "high")
YES_OR_NO = {"true": True, "false": False}
CAMPAIGN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def write_starter(places: Places) -> None:
    """Put an example library where there is none, to be replaced by the other tool's campaigns."""
    if not places.library.exists():
        files.write_atomically(places.library, STARTER.encode())


def read(places: Places) -> list[CampaignRecord]:
    """Every campaign of the file; Nonsense, with the number of the line, where one makes none."""
    try:
        content = places.library.read_bytes()
    except FileNotFoundError:
        raise Nonsense("campaigns.csv is missing in the folder. Bootstrap writes one.") from None
    campaigns: dict[str, CampaignRecord] = {}
    try:
        for line in formats.read(content, formats.CSV, COLUMNS[0]):
            if isinstance(line, formats.BadLine):
                raise Nonsense(f"campaigns.csv, line {line.number}: {line.problem}")
            record = _campaign(line)
            if record.external_id in campaigns:
                raise Nonsense(f"campaigns.csv, line {line.number}: the id stands there twice.")
            campaigns[record.external_id] = record
    except formats.Unreadable as error:
        raise Nonsense(f"campaigns.csv: {error}") from None
    return list(campaigns.values())


def _campaign(line: formats.ReadLine) -> CampaignRecord:
    row = {name: line.row.get(name, "") for name in COLUMNS}
    named = list(dict.fromkeys(row["channels"].lower().split()))
    sound = {
        "campaign_id": CAMPAIGN_ID.fullmatch(row["campaign_id"]),
        "name": row["name"],
        "language": LANGUAGE.fullmatch(row["language"]),
        "modality": row["modality"] in MODALITIES,
        "intensity": row["intensity"] in INTENSITIES,
        "channels": named and set(named) <= {channel.value for channel in Channel},
        "active": row["active"].lower() in YES_OR_NO,
    }
    wrong = [name for name, fine in sound.items() if not fine]
    if wrong:
        raise Nonsense(f"campaigns.csv, line {line.number}: check {', '.join(wrong)}.")
    return CampaignRecord(
        external_id=row["campaign_id"],
        name=row["name"],
        language=row["language"],
        modality=row["modality"],
        intensity=row["intensity"],
        channels=tuple(Channel(name) for name in named),
        active=YES_OR_NO[row["active"].lower()],
    )
