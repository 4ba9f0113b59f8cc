"""How far the demonstration is, as the vendors' books say: not as ours do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.utils.module_loading import import_string

from campaigns.models import Appointment, Effect, WorkItem
from project.demo.folder import visits_put_out

# By path, as gateways are: nothing but this demonstration may know of the simulators.
BOOKS = "integrations.simulators.observer.books"
ANSWERS = {
    "confirmed": "/confirmationstatus",
    "cancelled": "/cancel",
    "notes": "/notes",
}


@dataclass(frozen=True)
class Progress:
    """Counts of one moment."""

    appointments: int
    enrolled: int
    answers: dict[str, int]
    effects: int
    desk: int

    @property
    def written(self) -> int:
        """Answers that stand in the chart."""
        return sum(self.answers.values())

    def line(self, seconds: float) -> str:
        """One line for the terminal."""
        answers = ", ".join(f"{count} {name}" for name, count in self.answers.items())
        clock = f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
        return (
            f"{clock}  {self.enrolled} of {self.appointments} appointments enrolled, "
            f"{self.written} answers in the chart ({answers}), "
            f"{self.effects} changes under way, {self.desk} for the desk"
        )


def observe(vendors: str, folder: Path | None) -> Progress:
    """Ask the simulators what they hold, and our own tables only for what is still to come."""
    books = import_string(BOOKS)(vendors)
    enrollments = books["relatient"]["enrollments"]
    enrolled = len({row["appointment"]["external_id"] for row in enrollments})
    answers = dict.fromkeys(ANSWERS, 0)
    for write in books["writes"]:
        for name, ending in ANSWERS.items():
            answers[name] += write["vendor"] == "athenahealth" and write["path"].endswith(ending)
    return Progress(
        appointments=Appointment.objects.count(),
        enrolled=enrolled if folder is None else visits_put_out(folder),
        answers=answers,
        effects=Effect.objects.filter(next_attempt_at__isnull=False).count(),
        desk=WorkItem.objects.filter(closed_at__isnull=True).count(),
    )
