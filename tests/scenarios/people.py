"""What happens to patients at the vendors, for the scenarios about them."""

from __future__ import annotations

from typing import Any

from tests.scenarios.clinic import PRACTICE, Clinic


def change(clinic: Clinic, patient: str, **fields: Any) -> None:
    """Somebody changes the record in athenahealth, and Kept hears of it."""
    clinic.control(f"athena/patients/{patient}", fields)
    clinic.sync()


def held_by_relatient(clinic: Clinic, patient: str, **fields: Any) -> str:
    """A record that Relatient had before Kept; its id there."""
    body = {"external_id": f"athena:{PRACTICE}:{patient}", "first_name": "Nova", **fields}
    return clinic.control("relatient/patients", body)["id"]


def the_one(clinic: Clinic, appointment: str) -> dict[str, Any]:
    """The only enrollment that an appointment ever had."""
    [enrollment] = clinic.enrollments(appointment)
    return enrollment
