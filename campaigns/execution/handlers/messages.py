"""What is sent to people: the initial reminder once more, a text to the waitlist desk, a mail.

A mail goes to the practice's administrators, at most once per incident.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPConnectError, SMTPException
from socket import gaierror

from django.conf import settings
from django.core.mail import send_mail

from campaigns.clock import database_now
from campaigns.domain.values import WorkItemKind
from campaigns.execution.handlers.call import Call, Completed
from campaigns.execution.handlers.enrollments import KEY_HELD_FOR, key_expired
from campaigns.models import Effect
from campaigns.ports import NOT_ACTIVE, OutcomeUnknown, Refused, TryLater
from campaigns.work_items import about_start, open_item


def resend(effect: Effect, call: Call) -> Completed:
    """Send the patient the present details. After a 409 nothing more is sent, and the desk is asked
    to call.
    """
    relatient = call.engagement(effect.practice)
    assert effect.enrollment is not None
    vendor_id = effect.enrollment.vendor_id
    if key_expired(effect):
        since = effect.first_attempt_at
        sent = relatient.list_messages(vendor_id)
        if since is not None and any(m.step == "initial" and m.created_at >= since for m in sent):
            return Completed("It had been sent.", _told)
    try:
        relatient.resend(vendor_id, effect.key)
    except Refused as refused:
        if refused.http_status != 409 and refused.code != NOT_ACTIVE:
            raise
        return Completed("Relatient would not send it again.", _dropped)
    return Completed("Sent again.", _told)


def _told(effect: Effect, now: datetime) -> None:
    assert effect.enrollment is not None
    effect.enrollment.last_announced = effect.body["visit"]
    effect.enrollment.save(update_fields=["told"])


def _dropped(effect: Effect, now: datetime) -> None:
    assert effect.enrollment is not None and effect.appointment is not None
    effect.enrollment.resend_dropped = True
    effect.enrollment.save(update_fields=["resend_dropped"])
    sentence = "The patient could not be told of the change. Please call."
    open_item(
        effect.appointment,
        WorkItemKind.NOT_RESENT,
        sentence,
        now,
        details=about_start(effect.appointment),
    )


def waitlist_notice(effect: Effect, call: Call) -> Completed:
    """Text the open slot to the practice's waitlist number; no patient data is in it."""
    if key_expired(effect):
        days = KEY_HELD_FOR.days
        raise Refused(
            f"Nobody can say after {days} days whether the waitlist text was sent.",
            code="too_old_to_repeat",
        )
    body = effect.body
    notice = timedelta(hours=effect.practice.waitlist_notice_hours)
    if datetime.fromisoformat(body["starts_at"]) - database_now() < notice:
        raise Refused("The visit was about to start, so the slot was not offered.", code="too_late")
    call.engagement(effect.practice).send_message(body["to"], body["text"], effect.key)
    return Completed("Texted.")


def alert(effect: Effect, call: Call) -> Completed:
    """Send the mail. One that may have gone out is not sent again."""
    if effect.maybe_done:
        raise Refused("The mail may have gone out; it is not sent twice.", code="not_repeated")
    body = effect.body
    if not body["to"]:
        raise Refused("No address is set. Set alert_emails.", code="no_address")
    try:
        send_mail(body["subject"], body["text"], settings.DEFAULT_FROM_EMAIL, body["to"])
    except (ConnectionRefusedError, gaierror, SMTPConnectError) as error:
        sentence = "The mail server was not reached. Check EMAIL_URL."
        raise TryLater(sentence, code="mail_server_unreachable") from error
    except (SMTPException, OSError) as error:
        sentence = "The mail server did not take the mail."
        raise OutcomeUnknown(sentence, code="mail_not_taken") from error
    return Completed("Mailed.")
