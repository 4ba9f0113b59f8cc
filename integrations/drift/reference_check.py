"""Whether the ids in a visit are in the reference lists that Kept has loaded from athenahealth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Model

from campaigns.models import ChartCancelReason, ConfirmationStatus, Department, Practice, Provider
from campaigns.vendor_records import AppointmentRecord
from integrations.drift.observe import DriftKind, unknown


@dataclass
class Lists:
    """A practice's lists, each asked for once, for as many visits as are read together."""

    practice: Practice

    def watch(self, visit: AppointmentRecord) -> None:
        """Report which ids of a visit no list names; appointment types are learned from visits."""
        self._watch(DriftKind.DEPARTMENT, [visit.department_external_id], self._departments)
        self._watch(DriftKind.PROVIDER, visit.provider_external_ids, self._providers)
        if visit.confirmation_external_id:
            known = self._confirmations
            self._watch(DriftKind.CONFIRMATION_STATUS, [visit.confirmation_external_id], known)
        # Negative ids are the system's own reasons (contract section 3), on no practice's list.
        if visit.cancel_reason_external_id and not visit.cancel_reason_external_id.startswith("-"):
            reasons = self._cancel_reasons
            self._watch(DriftKind.CANCEL_REASON, [visit.cancel_reason_external_id], reasons)

    def _watch(self, what: DriftKind, ids: Iterable[str], known: frozenset[str]) -> None:
        for identity in ids:
            if identity and identity not in known:
                unknown(self.practice.chart_vendor, what, identity)

    @cached_property
    def _departments(self) -> frozenset[str]:
        return self._ids(Department)

    @cached_property
    def _providers(self) -> frozenset[str]:
        return self._ids(Provider)

    @cached_property
    def _confirmations(self) -> frozenset[str]:
        return self._ids(ConfirmationStatus)

    @cached_property
    def _cancel_reasons(self) -> frozenset[str]:
        return self._ids(ChartCancelReason)

    def _ids(self, model: type[Model]) -> frozenset[str]:
        rows = model._default_manager.filter(practice=self.practice)
        return frozenset(rows.values_list("external_id", flat=True))
