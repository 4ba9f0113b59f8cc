"""Mail to the practice's administrators: at most once per incident."""

from __future__ import annotations

from smtplib import SMTPConnectError, SMTPException
from socket import gaierror

from django.conf import settings
from django.core.mail import send_mail

from campaigns.execution.handlers.call import Call, Done
from campaigns.models import Effect
from campaigns.ports import OutcomeUnknown, Refused, TryLater


def send(effect: Effect, call: Call) -> Done:
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
    return Done("Mailed.")
