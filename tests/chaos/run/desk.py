"""Somebody at the desk, signed in at the web: calls patients, and writes down how it went.

An answer of the web is a promise. Whoever gets none sends the same form again until there is one;
it must count once.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from random import Random
from threading import Event, Thread
from uuid import UUID

import requests
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import Error, connections

from campaigns.models import FRONT_DESK, Appointment, Membership, Practice
from tests.chaos.run.town import Row, Town

NAME, PASSWORD = "desk", "a password of the chaos run"
SECONDS_BETWEEN = (2.0, 6.0)
PATIENCE = 5.0
KIND = "left_voicemail"
# After that somebody who wants to go home gives up; the judge does not know of the call then.
MOST_REPEATS = 60

logger = logging.getLogger("chaos")


def hire() -> None:
    """A person for the desk."""
    user = get_user_model().objects.create_user(NAME, password=PASSWORD)
    user.groups.add(Group.objects.get(name=FRONT_DESK))
    Membership.objects.create(user=user, practice=Practice.objects.get())


class Desk:
    """One person, in a thread; `calls` are those that the web acknowledged."""

    def __init__(self, town: Town, web: int, seed: int) -> None:
        self.town, self.base = town, f"http://127.0.0.1:{web}"
        self.chance = Random(f"desk:{seed}")
        self.session: requests.Session | None = None
        self.repeated = 0
        self._leaving = Event()
        self._thread = Thread(target=self._work, name="desk", daemon=True)

    def begin(self) -> None:
        """Start work."""
        self._thread.start()

    def go_home(self) -> None:
        """As soon as the call in hand was acknowledged."""
        self._leaving.set()

    def unrest(self) -> list[str]:
        """What is still to be done here."""
        return ["a call at the desk"] if self._thread.is_alive() else []

    def _work(self) -> None:
        try:
            while not self._leaving.wait(self.chance.uniform(*SECONDS_BETWEEN)):
                visit = self._somebody()
                if visit is not None:
                    self._call(visit)
        finally:
            connections.close_all()

    def _somebody(self) -> Appointment | None:
        now = datetime.now(UTC)
        try:
            ahead = Appointment.objects.filter(status="scheduled", starts_at__gt=now)
            visits = list(ahead.order_by("pk"))
        except Error:
            connections.close_all()
            return None
        return self.chance.choice(visits) if visits else None

    def _call(self, visit: Appointment) -> None:
        """Send the form until it is answered."""
        note = f"chaos call {len(self.town.calls) + 1}"
        form = {"kind": KIND, "form": str(UUID(int=self.chance.getrandbits(128), version=4))}
        seq = len(self.town.journal.entries)
        while not self._sent(visit, form | {"note": note}):
            self.repeated += 1
            if self._leaving.wait(1.0) and self.repeated > MOST_REPEATS:
                return
        facts: Row = {"note": note, "visit": visit.external_id, "kind": KIND, "seq": seq}
        self.town.calls.append(facts | {"at": datetime.now(UTC).isoformat()})
        self.town.deed("call", visit.external_id, note=note)

    def _sent(self, visit: Appointment, form: Row) -> bool:
        try:
            session = self.session or self._signed_in()
            mark = {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
            reply = session.post(
                f"{self.base}/worklist/visits/{visit.pk}/call/",
                data=form | mark,
                headers={"Referer": self.base},
                timeout=PATIENCE,
                allow_redirects=False,
            )
        except (requests.RequestException, KeyError):
            self.session = None
            return False
        if reply.status_code != 302 or "/login/" in reply.headers["Location"]:
            logger.warning("the web answered %s to a call", reply.status_code)
            self.session = None
            return False
        return True

    def _signed_in(self) -> requests.Session:
        session = requests.Session()
        address = f"{self.base}/accounts/login/"
        session.get(address, timeout=PATIENCE)
        form = {"username": NAME, "password": PASSWORD}
        form["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
        headers = {"Referer": self.base}
        session.post(address, data=form, headers=headers, timeout=PATIENCE, allow_redirects=False)
        self.session = session
        return session
