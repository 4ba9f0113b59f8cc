"""Digests of numbers and addresses made anew once the keys have changed, or where none were made.

A process does this once for each practice when it begins to sweep; keys change with a restart.
What an older key made is found meanwhile as well, for as long as that key is configured.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db.models import CharField, Q
from django.db.models.functions import Cast

from campaigns.address_digest import digest_of, newest_mark
from campaigns.clock import database_now
from campaigns.domain.consents import NO, RECORD
from campaigns.domain.coverage import State
from campaigns.domain.values import AppointmentStatus, Channel
from campaigns.encryption import Undecryptable, decrypt
from campaigns.intake.consents import give_reach
from campaigns.look_queue import schedule_looks, schedule_upcoming_looks
from campaigns.models import BULK, Appointment, ConsentEvent, Patient, Practice

_BATCH = 500
# States in which a visit's recipient is known, so that a look gives it a digest.
_KNOWN = [State.ENROLLED, State.EXCLUDED, State.FAILED]
# Practices that were seen to by this process, with the mark of the newest key then.
_done: set[tuple[int, str]] = set()

logger = logging.getLogger(__name__)


def renew(practice: Practice, time_is_up: Callable[[], bool]) -> None:
    """Give words and visits of one practice the digests of the newest key; goes on next time."""
    seen_to = (practice.pk, newest_mark())
    if seen_to in _done or not _words(practice, time_is_up):
        return
    _numberless(practice)
    _visits(practice)
    _done.add(seen_to)


def _words(practice: Practice, time_is_up: Callable[[], bool]) -> bool:
    """Words whose digest an older key made; whether all were seen to."""
    old = ConsentEvent.objects.filter(practice=practice).exclude(reach_digest="")
    old = old.exclude(reach_digest__startswith=newest_mark())
    after = 0
    while not time_is_up():
        # Deciphered one by one: a damaged row must not hide the others.
        stored = Cast("reach", CharField())
        rows = list(old.filter(pk__gt=after).order_by("pk").values_list("pk", stored)[:_BATCH])
        if not rows:
            return True
        renewed = []
        for pk, token in rows:
            try:
                renewed.append(ConsentEvent(pk=pk, reach_digest=digest_of(decrypt(token))))
            except Undecryptable:
                logger.exception("consent_not_readable", extra={"consent": pk})
        ConsentEvent.objects.bulk_update(renewed, ["reach_digest"])
        after = rows[-1][0]
    return False


def _numberless(practice: Practice) -> None:
    """Words from before numbers were kept: they belong to where the patient is written to now."""
    words = ConsentEvent.objects.filter(practice=practice, reach_digest="")
    words = words.filter(Q(state=NO) | ~Q(source=RECORD), patient__read_ended__isnull=False)
    now, given = database_now(), False
    patients = Patient.objects.select_related("practice").filter(pk__in=words.values("patient"))
    for patient in patients.iterator(_BATCH):
        given |= bool(give_reach(patient, now))
    if given:
        schedule_upcoming_looks(practice)


def _visits(practice: Practice) -> None:
    """A look gives each visit that is ahead its digests; what is over needs none."""
    mark, none, old = newest_mark(), Q(), Q()
    for channel in Channel:
        none &= Q(**{f"{channel}_digest": ""})
        old |= ~Q(**{f"{channel}_digest": ""}) & ~Q(**{f"{channel}_digest__startswith": mark})
    now = database_now()
    visits = Appointment.objects.filter(practice=practice)
    ahead = visits.filter(status=AppointmentStatus.SCHEDULED, starts_at__gte=now)
    schedule_looks(ahead.filter(old | none & Q(coverage_state__in=_KNOWN)), now, BULK)
    over = visits.filter(old).exclude(pk__in=ahead.values("pk"))
    over.update(**{f"{channel}_digest": "" for channel in Channel})
