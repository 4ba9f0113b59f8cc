"""The vendors that Kept can talk to: one face each, found by its dotted path.

Nothing outside a vendor's own folder imports it or asks which vendor it has in hand: it asks for
the face of the system that a practice has in force, and uses what stands there. Another vendor is
a folder, its name (campaigns/domain/values.py: Vendor), and its line in FACES.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, cast

from django.utils.module_loading import import_string

from campaigns.domain.values import System, Vendor
from campaigns.models import Practice
from campaigns.ports import Deadline, EhrGateway, EngagementGateway, Guard
from campaigns.vendor_records import (
    AppointmentRecord,
    CampaignRecord,
    CancelReasonRecord,
    ConfirmationRecord,
    DepartmentRecord,
    EnrollmentRecord,
    ProviderRecord,
    TypeRecord,
)
from integrations.connections import registry
from integrations.models import Connection, Feed, InboundMessage, SyncRun
from integrations.transport.notification import Notification

FACES: Mapping[Vendor, str] = {
    Vendor.ATHENAHEALTH: "integrations.athenahealth.vendor.FACE",
    Vendor.RELATIENT: "integrations.relatient.vendor.FACE",
    Vendor.FOLDER: "integrations.folder.vendor.FACE",
}

Counts = Counter[str]


class Page(Protocol):
    """Rows of a list as they came, and when their read began and ended by the database's clock."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """As they were sent."""
        ...

    @property
    def began(self) -> datetime:
        """When the read began."""
        ...

    @property
    def ended(self) -> datetime:
        """When the answer was there."""
        ...


@dataclass(frozen=True)
class Webhook:
    """How a vendor's notifications are known to be authentic, and read.

    `authenticate` takes the header's value, the raw body, our secrets and the time, and raises
    Unauthentic.
    """

    header: str
    authenticate: Callable[[str | None, bytes, Sequence[str], datetime], None]
    parse: Callable[[Any], Notification]


@dataclass(frozen=True, kw_only=True)
class VendorFace:
    """What every vendor has to offer, whatever it does for a practice."""

    # The columns of the first practice's connection, from the environment (settings.KEPT_SEED).
    seeded: Callable[[Mapping[str, Any]], dict[str, str]]
    # Why what the environment says must not be used, as a sentence; nothing when it may be.
    unsafe: Callable[[Mapping[str, Any]], str] = lambda environment: ""
    # One cheap read: whether the vendor answers, and takes our credentials. Raises GatewayError.
    probe: Callable[[Connection], None]
    # What can be tried without changing a record there, as a report. Raises GatewayError.
    check: Callable[[Connection, Guard], dict[str, str]]
    # Whether its connection is typed into the console; else the environment alone makes it.
    typed: bool = True
    # The feeds that are read again and again.
    feeds: tuple[Feed, ...]
    # Read one of them until it is empty, and store what came; None while another process has it in
    # hand. Raises GatewayError.
    pull: Callable[[Practice, Feed, SyncRun | None], Counts | None]
    # Take in one stored message. Raises Nonsense, NotNow, TooEarly or LeaseLost.
    process: Callable[[InboundMessage], Counts]
    # Whether its events hold no more than an id, so that taking one in asks the vendor.
    events_are_read: bool = False
    webhook: Webhook | None = None
    # The key under which the vendor counts our calls (models/connection.py: RequestBudget).
    budget_key: Callable[[Connection], tuple[str, str]]


@dataclass(frozen=True)
class ChartLists:
    """The reference lists of a practice's chart."""

    departments: Sequence[DepartmentRecord]
    providers: Sequence[ProviderRecord]
    appointment_types: Sequence[TypeRecord]
    cancel_reasons: Sequence[CancelReasonRecord]
    confirmation_statuses: Sequence[ConfirmationRecord]


@dataclass(frozen=True)
class HeldSubscription:
    """One event subscription at the vendor; `ends_at` is None when it names no end."""

    external_id: str
    topic: str
    endpoint: str
    status: str
    ends_at: datetime | None


class SubscriptionClient(Protocol):
    """The calls about a practice's event subscriptions. Each may raise a GatewayError."""

    def held(self) -> list[HeldSubscription]:
        """All that our key may see, other practices' included."""
        ...

    def create(self, topic: str, endpoint: str, ends_at: datetime) -> HeldSubscription:
        """Subscribe to a topic."""
        ...

    def delete(self, identity: str) -> None:
        """End one; one that is gone already is deleted."""
        ...


@dataclass(frozen=True)
class TopicGroup:
    """Topics that are judged together, by what a poll counts; `others` may tell of it as well."""

    topics: frozenset[str]
    others: frozenset[str]
    counted: str


@dataclass(frozen=True)
class EventTopics:
    """What a chart's vendor tells of by itself, where it does."""

    # Each topic, and what it tells of, in words.
    topics: Mapping[str, str]
    # Without one of these the poll of that feed is the first to tell, and must not slow down.
    needed: Mapping[Feed, frozenset[str]]
    # Topics whose silence a poll would show.
    watched: Sequence[TopicGroup]
    client: Callable[[Connection, Deadline, Guard], SubscriptionClient]

    def in_words(self, topic: str) -> str:
        """A topic for people; one that Kept never asked for keeps the vendor's name."""
        return self.topics.get(topic, topic)


@dataclass(frozen=True, kw_only=True)
class ChartFace(VendorFace):
    """A vendor in whose system the chart is kept."""

    gateway: Callable[[Connection, Deadline, Guard], EhrGateway]
    lists: Callable[[Connection, Guard], ChartLists]
    # All visits from first to last date, cancelled ones too, page by page.
    booked: Callable[[Connection, date, date, Guard], Iterable[Page]]
    # A row of such a page: its visit's id, and the visit; None for what is none.
    appointment_id: Callable[[Any], str]
    appointment: Callable[[Any], AppointmentRecord | None]
    events: EventTopics | None = None


@dataclass(frozen=True, kw_only=True)
class EngagementFace(VendorFace):
    """A vendor that reminds patients."""

    gateway: Callable[[Connection, Deadline, Guard], EngagementGateway]
    campaigns: Callable[[Connection, Guard], Sequence[CampaignRecord]]
    # One page of the practice's active enrollments from a cursor ("": the first), and the next one.
    active_enrollments: Callable[[Connection, str, Guard], tuple[list[EnrollmentRecord], str]]


def face_of(vendor: str) -> VendorFace:
    """The face of a vendor."""
    return cast(VendorFace, import_string(FACES[Vendor(vendor)]))


def faces() -> Iterable[tuple[Vendor, VendorFace]]:
    """Every vendor with its face."""
    return [(vendor, face_of(vendor)) for vendor in FACES]


def chart_of(practice: Practice) -> ChartFace:
    """The face of the vendor that keeps a practice's chart."""
    return cast(ChartFace, face_of(practice.vendor_of(System.CHART)))


def engagement_of(practice: Practice) -> EngagementFace:
    """The face of the vendor that reminds a practice's patients."""
    return cast(EngagementFace, face_of(practice.vendor_of(System.ENGAGEMENT)))


def in_force(practice: Practice) -> list[VendorFace]:
    """The faces of a practice's vendors, the chart first."""
    return [chart_of(practice), engagement_of(practice)]


def that_read_events() -> Collection[Vendor]:
    """The vendors that are asked when one of their events is taken in."""
    return [vendor for vendor, face in faces() if face.events_are_read]


def ehr(practice: str, *, deadline: Deadline, guard: Guard) -> EhrGateway:
    """The chart of a practice (by its id there); settings.KEPT_GATEWAYS names this."""
    connection = registry.find_open(practice, System.CHART)
    return chart_of(connection.practice).gateway(connection, deadline, guard)


def engagement(practice: str, *, deadline: Deadline, guard: Guard) -> EngagementGateway:
    """Who reminds a practice's patients (by its id in the chart); settings.KEPT_GATEWAYS names
    this.
    """
    connection = registry.find_open(practice, System.ENGAGEMENT)
    return engagement_of(connection.practice).gateway(connection, deadline, guard)
