"""Named worlds to start with.

clinic   a practice in mid-flow: about 60 patients, 90 upcoming appointments, every state
preview  the same with the limits of athenahealth's preview and of the Relatient contract
empty    reference data only
tiny     one patient with one appointment two days ahead
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from .athenahealth.people import add_patient
from .simulation import Simulation
from .world import STAFF, furnish


def clinic(simulation: Simulation) -> None:
    furnish(simulation.athena.chart, simulation.seed, simulation.clock())


def preview(simulation: Simulation) -> None:
    clinic(simulation)
    simulation.switches.token_requests_per_minute = 5
    simulation.switches.athena_requests_per_second = 5
    simulation.switches.relatient_requests_per_second = 10


def empty(simulation: Simulation) -> None:
    pass


def tiny(simulation: Simulation) -> None:
    now, chart = simulation.clock(), simulation.athena.chart
    fields = {
        "firstname": "Tess",
        "lastname": "Sampleton",
        "dob": "02/03/1980",
        "sex": "F",
        "mobilephone": "6172267001",
        "hasmobile": True,
        "email": "tess.sampleton@example.org",
        "emailexists": True,
        "consenttotext": True,
        "consenttocall": True,
        "language6392code": "eng",
        "departmentid": "1",
    }
    patient = add_patient(chart, fields, at=now, by=STAFF)
    start = (now + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    chart.add(
        starts_at=start,
        department="1",
        provider="71",
        type_id="82",
        at=now - timedelta(days=3),
        by=STAFF,
        patientid=patient["patientid"],
    )


SCENARIOS: dict[str, Callable[[Simulation], None]] = {
    "clinic": clinic,
    "preview": preview,
    "empty": empty,
    "tiny": tiny,
}


def build(name: str, *, seed: int, clock: Callable[[], datetime], practice_id: str) -> Simulation:
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    simulation = Simulation(seed=seed, clock=clock, practice_id=practice_id)
    SCENARIOS[name](simulation)
    return simulation
