"""The control API's hand in the webhooks: what was told, telling again, and not telling."""

from typing import Any

from .relatient.webhook import Webhook
from .routing import Route
from .sending import may_be_told
from .simulation import Simulation

Body = dict[str, Any]


def deliveries(simulation: Simulation, body: Body) -> Body:
    return simulation.postbox.shown()


def replay(simulation: Simulation, body: Body) -> Body:
    return {"replayed": simulation.postbox.replay(body.get("ids"))}


def subscriptions(simulation: Simulation, body: Body) -> list[Body]:
    now = simulation.clock()
    return [
        one.shown(now)
        | {"topic": one.topic, "client_id": one.client_id, "silenced": one.silenced}
        | {"signed": bool(one.secret)}
        for one in simulation.athena.subscriptions.subscriptions.values()
    ]


def silence(simulation: Simulation, body: Body, id: str) -> Body:
    """Its status goes on saying what it said."""
    subscription = simulation.athena.subscriptions.subscriptions[id]
    subscription.silenced = bool(body.get("silent", True))
    return {"silenced": subscription.silenced}


def report(simulation: Simulation, body: Body, id: str) -> Body:
    """It has failed, or was switched off, and says so; it tells of nothing more."""
    subscription = simulation.athena.subscriptions.subscriptions[id]
    subscription.status = str(body["status"])
    kind = str(body.get("type", "heartbeat"))
    simulation.athena.subscriptions.postbox.report(subscription, kind, subscription.status)
    return {"status": subscription.status}


def register(simulation: Simulation, body: Body) -> Body:
    """With a second secret every POST is signed with both: one is being rotated."""
    if not may_be_told(str(body["url"])):
        raise ValueError("url has to be an https address")
    secrets = [str(body["secret"])]
    if second := body.get("second_secret"):
        secrets.append(str(second))
    unregister(simulation, body)
    simulation.relatient.webhook = Webhook(simulation.switches, str(body["url"]), secrets)
    return {"url": body["url"], "secrets": len(secrets)}


def unregister(simulation: Simulation, body: Body) -> Body:
    if simulation.relatient.webhook is not None:
        simulation.relatient.webhook.registered = False
        simulation.relatient.webhook = None
    return {"url": None}


ROUTES = [
    Route("GET", "/deliveries", deliveries),
    Route("POST", "/deliveries/replay", replay),
    Route("GET", "/athena/subscriptions", subscriptions),
    Route("POST", "/athena/subscriptions/<id>/silence", silence),
    Route("POST", "/athena/subscriptions/<id>/report", report),
    Route("POST", "/relatient/webhook", register),
    Route("DELETE", "/relatient/webhook", unregister),
]
