"""What the integrations keep: connections and their tokens, what came in, where a feed stands."""

from integrations.models.connection import AccessToken, Connection, RequestBudget, WriteAccess
from integrations.models.exchange import HttpExchange
from integrations.models.feed import Feed, FeedCursor
from integrations.models.heartbeat import Heartbeat, HeartbeatRole
from integrations.models.inbound import InboundKind, InboundMessage, InboundStatus
from integrations.models.subscription import (
    ACTIVE,
    LIVE,
    REQUESTED,
    EventSubscription,
    Wish,
    placeholder,
)
from integrations.models.syncrun import SyncKind, SyncOutcome, SyncRun
from integrations.models.unknown import UnknownValue

__all__ = [
    "ACTIVE",
    "LIVE",
    "REQUESTED",
    "AccessToken",
    "Connection",
    "EventSubscription",
    "Feed",
    "FeedCursor",
    "Heartbeat",
    "HeartbeatRole",
    "HttpExchange",
    "InboundKind",
    "InboundMessage",
    "InboundStatus",
    "RequestBudget",
    "SyncKind",
    "SyncOutcome",
    "SyncRun",
    "UnknownValue",
    "Wish",
    "WriteAccess",
    "placeholder",
]
