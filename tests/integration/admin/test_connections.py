"""The console's pages about the vendors: secrets go in and never come out."""

from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from campaigns.models import ADMINS, CLINICAL_OPS, Practice
from integrations.admin.connectionform import ConnectionForm
from integrations.folder import files, library
from integrations.models import Connection, InboundMessage, InboundStatus, SyncRun, WriteAccess
from integrations.transport.rate_limit import RateLimit
from tests.factories import PracticeFactory, UserFactory

LIST = "/admin/integrations/connection/"
MESSAGES = "/admin/integrations/inboundmessage/"


@pytest.fixture
def practice(db: None) -> Practice:
    return PracticeFactory()


@pytest.fixture
def connection(practice: Practice) -> Connection:
    return Connection.objects.create(
        practice=practice,
        vendor="athenahealth",
        base_url="https://api.example.org",
        client_id="client-1",
        secret="the-old-secret",
        webhook_secret="the-old-hook",
        write_access=WriteAccess.WORKS,
        check_report={"credentials": "work", "writing": "not verified"},
    )


@pytest.fixture
def admin(client: Client, practice: Practice) -> Client:
    client.force_login(UserFactory(username="ada", role=ADMINS, practices=[practice]))
    return client


def save(client: Client, connection: Connection, **fields: str) -> None:
    form = {"base_url": connection.base_url, "client_id": connection.client_id} | fields
    assert client.post(f"{LIST}{connection.pk}/change/", form).status_code == 302
    connection.refresh_from_db()


def test_a_saved_secret_is_never_shown(admin: Client, connection: Connection) -> None:
    page = admin.get(f"{LIST}{connection.pk}/change/").content.decode()
    assert "the-old" not in page
    assert page.count("One is saved.") == 2
    assert "<b>credentials</b>: work" in page
    assert "works" in page


def test_an_empty_secret_keeps_the_saved_one(admin: Client, connection: Connection) -> None:
    save(admin, connection)
    assert (connection.secret, connection.webhook_secret) == ("the-old-secret", "the-old-hook")
    assert connection.write_access == WriteAccess.WORKS
    assert not AuditEvent.objects.filter(action="connection.updated").exists()


def test_a_new_secret_is_audited_by_name_and_has_to_prove_itself(
    admin: Client, connection: Connection
) -> None:
    save(admin, connection, secret="the-new-secret")
    assert connection.secret == "the-new-secret"
    assert connection.webhook_secret == "the-old-hook"
    assert connection.write_access == WriteAccess.UNVERIFIED
    event = AuditEvent.objects.get(action="connection.updated")
    assert event.detail == {"vendor": "athenahealth", "changed": ["secret"]}
    assert "the-new-secret" not in str(list(AuditEvent.objects.values()))


def test_a_pause_that_comes_meanwhile_is_not_undone(
    admin: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old secret is refused while the new one is being saved."""
    cleaned = ConnectionForm.clean

    def refused_meanwhile(form: ConnectionForm) -> dict[str, object]:
        rows = Connection.objects.filter(pk=connection.pk)
        rows.update(paused_at=timezone.now(), paused_by="connections")
        return cleaned(form)

    monkeypatch.setattr(ConnectionForm, "clean", refused_meanwhile)
    save(admin, connection, secret="the-new-secret")
    assert connection.secret == "the-new-secret"
    assert connection.is_paused


def test_a_connection_is_added(admin: Client, practice: Practice) -> None:
    form = {
        "practice": practice.pk,
        "vendor": "relatient",
        "base_url": "https://relatient.example.org/x",
        "secret": "key",
    }
    assert admin.post(f"{LIST}add/", form).status_code == 302
    made = Connection.objects.get()
    assert (made.vendor, made.secret, made.webhook_secret) == ("relatient", "key", "")
    assert AuditEvent.objects.filter(action="connection.created").exists()


def test_a_folder_is_shown_and_never_typed(admin: Client, practice: Practice) -> None:
    made = Connection.objects.create(practice=practice, vendor="folder", folder="/srv/exchange")
    page = admin.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "/srv/exchange" in page and "base_url" not in page
    form = {"folder": "/etc", "base_url": "https://example.org", "secret": "key"}
    assert admin.post(f"{LIST}{made.pk}/change/", form).status_code == 302
    made.refresh_from_db()
    assert (made.folder, made.base_url, made.secret) == ("/srv/exchange", "", "")
    adding = {"practice": practice.pk, "vendor": "folder", "base_url": "https://example.org"}
    assert "Select a valid choice" in admin.post(f"{LIST}add/", adding).content.decode()


def test_another_vendor_is_put_in_force_and_a_reason_is_told_where_it_cannot_be(
    admin: Client, practice: Practice, tmp_path: Path
) -> None:
    relatient = Connection.objects.create(
        practice=practice, vendor="relatient", base_url="https://relatient.example.org"
    )
    made = Connection.objects.create(practice=practice, vendor="folder", folder=str(tmp_path / "x"))
    assert "Put in force" not in admin.get(f"{LIST}{relatient.pk}/change/").content.decode()
    assert "Put in force" in admin.get(f"{LIST}{made.pk}/change/").content.decode()
    told = admin.post(f"{LIST}{made.pk}/do/put_in_force/", follow=True).content.decode()
    assert "does not exist. Run bootstrap" in told
    files.make(tmp_path / "x")
    library.write_starter(files.Places(tmp_path / "x"))
    told = admin.post(f"{LIST}{made.pk}/do/put_in_force/", follow=True).content.decode()
    assert "Pause the connection to Relatient first" in told
    admin.post(f"{LIST}{relatient.pk}/do/pause/")
    admin.post(f"{LIST}{made.pk}/do/put_in_force/")
    practice.refresh_from_db()
    assert practice.engagement_vendor == "folder"
    event = AuditEvent.objects.get(action="practice.engagement_vendor")
    assert (event.actor, event.detail) == ("ada", {"before": "relatient", "after": "folder"})


def test_pausing_and_resuming(admin: Client, connection: Connection) -> None:
    admin.post(f"{LIST}{connection.pk}/do/pause/")
    connection.refresh_from_db()
    assert connection.paused_by == "ada"
    assert "paused by ada" in admin.get(LIST).content.decode()
    Connection.objects.update(base_url="http://127.0.0.1:9")
    admin.post(f"{LIST}{connection.pk}/do/resume/")
    connection.refresh_from_db()
    assert not connection.is_paused


def test_clinical_ops_see_runs_but_no_connection(
    client: Client, practice: Practice, connection: Connection
) -> None:
    SyncRun.objects.create(
        practice=practice, kind="poll", outcome="done", ended_at=timezone.now(), counts={"seen": 3}
    )
    client.force_login(UserFactory(role=CLINICAL_OPS, practices=[practice]))
    assert "3 seen" in client.get("/admin/integrations/syncrun/").content.decode()
    assert client.get(f"{LIST}{connection.pk}/change/").status_code == 403
    assert client.post(f"{LIST}{connection.pk}/do/pause/").status_code == 403


def test_another_practices_connection_does_not_exist(
    client: Client, connection: Connection
) -> None:
    client.force_login(UserFactory(role=ADMINS, practices=[PracticeFactory()]))
    assert client.get(LIST).context["cl"].queryset.count() == 0
    assert client.post(f"{LIST}{connection.pk}/do/pause/").status_code == 404
    assert client.get("/admin/integrations/connection/add/").status_code == 200


def test_what_needs_attention_comes_first_and_a_payload_is_read_one_by_one(
    admin: Client, practice: Practice
) -> None:
    now = timezone.now()
    fields = {"practice": practice, "vendor": "athenahealth", "kind": "row", "read_began": now}
    InboundMessage.objects.create(**fields, payload={"firstname": "Rosa"})
    parked = InboundMessage.objects.create(
        **fields, payload={"firstname": "Rosa"}, status=InboundStatus.PARKED
    )
    listed = admin.get(MESSAGES)
    assert listed.context["cl"].queryset.count() == 1
    assert "Rosa" not in listed.content.decode()
    assert "Rosa" in admin.get(f"{MESSAGES}{parked.pk}/change/").content.decode()
    assert AuditEvent.objects.filter(action="page.viewed", subject_id=str(parked.pk)).exists()
    assert admin.get(f"{MESSAGES}?status=all").context["cl"].queryset.count() == 2


def test_a_new_webhook_secret_leaves_the_old_one_valid_until_it_is_forgotten(
    admin: Client, connection: Connection
) -> None:
    save(admin, connection, webhook_secret="the-new-hook")
    assert connection.webhook_secret == "the-new-hook"
    assert connection.webhook_secret_before == "the-old-hook"
    page = admin.get(f"{LIST}{connection.pk}/change/").content.decode()
    assert "Still accepted beside the new one." in page
    assert "Forget the old webhook secret" in page
    assert "the-old-hook" not in page
    admin.post(f"{LIST}{connection.pk}/do/forget_old_secret/")
    connection.refresh_from_db()
    assert (connection.webhook_secret, connection.webhook_secret_before) == ("the-new-hook", "")
    assert AuditEvent.objects.filter(action="connection.webhook_secret_forgotten").count() == 1
    page = admin.get(f"{LIST}{connection.pk}/change/").content.decode()
    assert "Forget the old webhook secret" not in page


def out_of_reach(connection: Connection) -> None:
    now = timezone.now()
    Connection.objects.update(failures=5, opened_at=now, probe_at=now)
    connection.refresh_from_db()


def test_a_vendor_that_does_not_answer_is_shown_and_can_be_asked_at_once(
    admin: Client, connection: Connection
) -> None:
    Connection.objects.update(base_url="http://127.0.0.1:9")
    out_of_reach(connection)
    assert "does not answer since today" in admin.get(LIST).content.decode()
    page = admin.post(f"{LIST}{connection.pk}/do/resume/", follow=True).content.decode()
    assert "Resumed, but it does not work yet. athenahealth was not reached" in page


def test_other_credentials_close_the_circuit(admin: Client, connection: Connection) -> None:
    out_of_reach(connection)
    save(admin, connection, secret="the-new-secret")
    assert (connection.failures, connection.opened_at) == (0, None)
    assert AuditEvent.objects.filter(action="connection.circuit_closed").exists()


def test_a_used_up_day_is_shown(admin: Client, connection: Connection) -> None:
    RateLimit(connection.host, connection.client_id, 5, 0).heard(50_000, 0)
    assert "takes no more calls today" in admin.get(LIST).content.decode()
