"""The clinic that the simulators start with, and its life."""

import ast
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

import integrations.simulators
from integrations.simulators.life import OUTCOMES, Life
from integrations.simulators.server import SimulatorServer
from tests.contract.simulator_callers import (
    Athena,
    Clock,
    appointment,
)


@pytest.fixture(scope="module")
def clinic() -> Iterator[Athena]:
    clock = Clock()
    with SimulatorServer(scenario="clinic", clock=clock) as simulator:
        client = Athena(simulator.url, clock)
        client.sign_in()
        yield client


class TestClinic:
    def state(self, clinic: Athena) -> dict[str, Any]:
        return dict(clinic.sim("GET", "/state")["athena"])

    def upcoming(self, clinic: Athena) -> list[dict[str, Any]]:
        days = {"startdate": "11/30/2026", "enddate": "12/11/2026"}
        rows = clinic.get("/appointments/booked", **days)["appointments"]
        return [row for row in rows if row["appointmentstatus"] == "f"]

    def test_the_same_seed_makes_the_same_world(self) -> None:
        def world(seed: int) -> Any:
            server = SimulatorServer(scenario="clinic", seed=seed, clock=Clock())
            chart = server.simulation.athena.chart
            return chart.appointments, chart.patients

        assert world(1) == world(1)
        assert world(1) != world(2)

    def test_about_ninety_visits_are_ahead_many_of_them_soon(self, clinic: Athena) -> None:
        rows = self.upcoming(clinic)
        assert 85 <= len(rows) <= 105
        soon = [row for row in rows if row["date"] in ("11/30/2026", "12/01/2026", "12/02/2026")]
        assert len(soon) >= 30
        assert len({row["departmentid"] for row in rows}) == 5
        assert len({row["appointmenttypeid"] for row in rows}) >= 8

    def test_every_kind_of_row_is_there(self, clinic: Athena) -> None:
        rows = self.state(clinic)["appointments"]
        assert {row["appointmentstatus"] for row in rows} == {"f", "x", "o", "2", "4"}
        assert any(row.get("cancelreasonnoshow") for row in rows)
        assert any(row.get("chargeentrynotrequiredreason") == "MULTIRESOURCE" for row in rows)
        assert any(row.get("scheduledby") == "portaluser" for row in rows)
        assert any(row.get("appointmentconfirmationid") == "2" for row in rows)
        moved = {
            row["rescheduledappointmentid"] for row in rows if "rescheduledappointmentid" in row
        }
        ends = [row["appointmentstatus"] for row in rows if row["appointmentid"] in moved]
        assert sorted(ends) == ["f", "f", "f", "x"]

    def test_textable_numbers_are_possible_ones(self, clinic: Athena) -> None:
        numbers = [row.get("mobilephone") for row in self.state(clinic)["patients"]]
        parsed = [phonenumbers.parse(one, "US") for one in numbers if one]
        valid = [one for one in parsed if phonenumbers.is_valid_number(one)]
        # One stale number is on file on purpose.
        assert len(valid) == len(parsed) - 1

    def test_the_cast_has_its_special_people(self, clinic: Athena) -> None:
        people = self.state(clinic)["patients"]
        assert len(people) == 60
        assert {"eng", "spa", "declined", None} <= {row["language6392code"] for row in people}
        assert any("guardianlastname" in row for row in people)
        assert any(row.get("contactrelationship") == "PARENT" for row in people)
        assert any(row.get("guarantorrelationshiptopatient") == "18" for row in people)
        assert any("deceaseddate" in row for row in people)
        assert any("mobilephone" not in row and "email" in row for row in people)
        assert any("mobilephone" not in row and "email" not in row for row in people)
        emails = [row["email"] for row in people if "@" in row.get("email", "")]
        assert all(one.endswith(("@example.org", "@example.com")) for one in emails)


class TestLife:
    def enrolled_clinic(self, clock: Clock) -> SimulatorServer:
        server = SimulatorServer(scenario="clinic", clock=clock)
        store = server.simulation.relatient.store
        for number in range(200):
            patient = store.add_patient(
                {"external_id": f"athena:195900:{number}", "mobile_phone": "+16172267001"}
            )
            enrollment = {
                "patient_id": patient["id"],
                "campaign_id": "cmp_preventive_en",
                "lead_channel": "sms",
                "channels_allowed": ["sms"],
                "appointment": appointment(str(number), starts_at="2026-12-20T15:00:00Z"),
            }
            store.add_enrollment(enrollment, clock())
        return server

    def told(self, seconds: int = 70) -> tuple[Counter[str], SimulatorServer]:
        clock = Clock()
        server = self.enrolled_clinic(clock)
        life = Life(server.simulation)
        for _ in range(seconds):
            life.tick(clock())
            clock.advance(seconds=1)
        events = server.simulation.relatient.store.events
        return Counter(event["type"] for event in events), server

    def test_most_patients_confirm_and_some_stay_silent(self) -> None:
        counts, _ = self.told()
        assert counts["message.delivered"] == 200
        assert 95 <= counts["response.confirmed"] <= 145
        answers = [kind for kind in counts if kind.startswith(("response", "consent"))]
        assert sum(counts[kind] for kind in answers) < 200
        assert len(answers) == len(OUTCOMES) - 1

    def test_the_desk_goes_on_working(self) -> None:
        untouched = SimulatorServer(scenario="clinic", clock=Clock()).simulation.athena.chart
        _, server = self.told(seconds=120)
        assert len(server.simulation.athena.chart.appointments) > len(untouched.appointments)

    def test_it_all_repeats(self) -> None:
        assert self.told()[0] == self.told()[0]

    def test_an_enrollment_completes_with_its_last_step(self) -> None:
        clock = Clock()
        server = self.enrolled_clinic(clock)
        clock.now = datetime(2026, 12, 20, 13, 0, tzinfo=UTC)
        Life(server.simulation).tick(clock())
        statuses = {one["status"] for one in server.simulation.relatient.store.enrollments.values()}
        assert statuses == {"completed"}


PRODUCT = {"django", "project", "campaigns", "audit", "integrations"}


def test_the_simulators_import_nothing_of_the_product() -> None:
    folder = Path(integrations.simulators.__file__).parent
    guilty = []
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                depth = len(path.relative_to(folder).parts)
                # Relative imports must not climb out of the package.
                names = (
                    [node.module or ""] if node.level == 0 else ["project"] * (node.level > depth)
                )
            if path.name != "apps.py" and any(name.split(".")[0] in PRODUCT for name in names):
                guilty.append(path.name)
    assert not guilty
