"""The token: one for everybody, fetched once, renewed early, discarded when it is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections as databases
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.ports import CREDENTIALS, Refused, TryLater
from integrations.models import AccessToken, Connection, RequestBudget

TOKEN = "/oauth2/v1/token"


def _issued(athena) -> int:
    return athena.state()["tokens_issued"]


@pytest.mark.django_db(transaction=True)
def test_many_workers_fetch_one_token(shared_athena):
    before = _issued(shared_athena)

    def read(_: int) -> int:
        try:
            return len(shared_athena.gateway().client.departments())
        finally:
            databases.close_all()

    with ThreadPoolExecutor(8) as workers:
        assert all(workers.map(read, range(8)))
    assert _issued(shared_athena) == before + 1


def test_a_revoked_token_is_replaced_once_and_the_call_repeated(athena):
    athena.client().departments()
    before = _issued(athena)
    athena.control("tokens/revoke")
    assert athena.client().departments()
    assert _issued(athena) == before + 1


def test_a_token_near_its_end_is_renewed_early(athena):
    athena.client().departments()
    before = _issued(athena)
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(seconds=80))
    athena.client().departments()
    assert _issued(athena) == before + 1


def test_a_living_token_serves_while_another_process_renews_it(athena):
    athena.client().departments()
    before = _issued(athena)
    soon = timezone.now() + timedelta(seconds=80)
    AccessToken.objects.update(expires_at=soon, refreshing_by="another", refreshing_until=soon)
    assert athena.client().departments()
    assert _issued(athena) == before


def test_a_living_token_serves_when_the_renewal_fails(athena):
    athena.client().departments()
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(seconds=80))
    athena.fault("status", TOKEN, status=503)
    assert athena.client().departments()
    assert AccessToken.objects.get().refreshing_by == ""


def test_a_lease_that_was_never_given_back_lapses(athena):
    past = timezone.now() - timedelta(seconds=1)
    athena.client().departments()
    AccessToken.objects.update(token="", refreshing_by="crashed", refreshing_until=past)
    assert athena.client().departments()


def test_waiting_for_another_process_ends_at_the_deadline(athena):
    athena.client().departments()
    AccessToken.objects.update(
        token="", refreshing_by="busy", refreshing_until=timezone.now() + timedelta(seconds=60)
    )
    with pytest.raises(TryLater):
        athena.client(seconds=0.2).departments()


def test_a_refused_token_that_was_replaced_meanwhile_is_left_alone(athena):
    tokens = athena.client().calls.tokens
    old = tokens.current()
    AccessToken.objects.update(version=old.version + 1)
    tokens.discard(old)
    assert tokens.current().text == old.text


def test_wrong_credentials_pause_the_connection_and_name_the_fix(athena):
    athena.settings(athena_credentials={"kept-demo": "another-secret"})
    with pytest.raises(Refused) as caught:
        athena.client().departments()
    assert caught.value.code == CREDENTIALS
    assert "Check ATHENA_CLIENT_ID and ATHENA_CLIENT_SECRET" in caught.value.sentence
    athena.connection.refresh_from_db()
    assert athena.connection.paused_reason == caught.value.sentence
    assert AuditEvent.objects.get(action="connection.paused").actor == "connections"


def test_credentials_mended_meanwhile_are_not_paused(athena):
    athena.settings(athena_credentials={"kept-demo": "another-secret"})
    client = athena.client()
    Connection.objects.filter(pk=athena.connection.pk).update(secret="another-secret")
    with pytest.raises(Refused):
        client.departments()
    assert not Connection.objects.get().is_paused


def test_a_token_that_is_always_refused_is_a_matter_of_credentials(athena):
    athena.fault("status", "/departments", status=401, times=2, body={"error": "No."})
    with pytest.raises(Refused) as caught:
        athena.client().departments()
    assert caught.value.code == CREDENTIALS


def test_a_throttled_token_endpoint_blocks_itself_alone(athena):
    athena.fault("status", TOKEN, status=429, body={"fault": {}})
    with pytest.raises(TryLater) as caught:
        athena.client().departments()
    assert caught.value.code == "rate_limited"
    blocked = RequestBudget.objects.exclude(blocked_until=None).get()
    assert blocked.host.endswith(TOKEN)


def test_neither_token_nor_secret_is_stored_in_plain_text(athena):
    athena.client().departments()
    with databases["default"].cursor() as cursor:
        cursor.execute("SELECT token FROM integrations_accesstoken")
        stored = cursor.fetchone()[0]
    assert stored.startswith("gAAAA")
    assert stored != AccessToken.objects.get().token
    assert AccessToken.objects.get().token not in repr(athena.client().calls.tokens.current())
