"""The names of departments, providers and appointment types, by athenahealth's ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from campaigns.models import Appointment, AppointmentType, Department, Practice, Provider


@dataclass(frozen=True)
class Names:
    """The names of one practice's reference data; an id without a name is shown as it is."""

    departments: dict[str, str]
    providers: dict[str, str]
    types: dict[str, str]

    def department(self, row: Appointment) -> str:
        """Where the visit takes place."""
        known = self.departments.get(row.department_external_id)
        return known or f"department {row.department_external_id}"

    def provider(self, row: Appointment) -> str:
        """With whom; several are all named."""
        ids: Iterable[str] = row.provider_external_ids
        return ", ".join(self.providers.get(one, f"provider {one}") for one in ids)

    def kind(self, row: Appointment) -> str:
        """The kind of visit, in the practice's own words rather than the patient's."""
        return row.type_name or self.types.get(row.type_external_id, "")


def names_of(practice: Practice) -> Names:
    """All names at once: three queries, however many visits are shown."""
    return Names(
        departments=_named(Department, practice),
        providers=_named(Provider, practice),
        types=_named(AppointmentType, practice),
    )


def _named(
    model: type[Department] | type[Provider] | type[AppointmentType], practice: Practice
) -> dict[str, str]:
    rows = model._default_manager.filter(practice=practice)
    return dict(rows.values_list("external_id", "name"))
