"""What the other tool sees of a folder: each change once, each of its own files taken once."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings as configured

from campaigns.domain.values import CancelReason
from campaigns.models import ConsentEvent
from campaigns.ports import GatewayError, Refused, TryLater
from integrations.checks import seeds_are_safe
from integrations.folder import collect, files
from integrations.inbox.process import process_stored
from integrations.models import Feed, InboundMessage, InboundStatus
from integrations.vendors import face_of
from tests.contract.engagement_room import reminder_body
from tests.contract.folder_room import FolderRoom


def test_every_change_goes_out_once_in_both_formats(folder_room: FolderRoom) -> None:
    body = folder_room.enroll_body()
    record = folder_room.gateway.enroll(body, "one")
    moved = reminder_body(appointment=record.appointment_external_id, type_name='Long, "odd"')
    for _ in range(2):
        folder_room.gateway.enroll(body, "one")
        folder_room.gateway.update_enrollment(record.vendor_id, moved)
        folder_room.gateway.resend(record.vendor_id, "two")
        folder_room.gateway.record_consent(body["patient"], "email", "opted_out", "2026-11-22")
    for _ in range(2):
        folder_room.gateway.cancel_enrollment(record.vendor_id, CancelReason.STAFF)
    rows = folder_room.rows()
    assert [row["change"] for row in rows] == ["enroll", "update", "resend", "consent", "cancel"]
    assert len({row["change_id"] for row in rows}) == len(rows)
    assert rows[0]["first_name"] == "Nora" and rows[0]["channels"] == "sms email"
    assert rows[1]["type_name"] == 'Long, "odd"'
    assert rows[4]["reason"] == "staff"


def test_the_folder_is_closed_to_others_and_no_name_of_a_file_tells_a_patient(
    folder_room: FolderRoom,
) -> None:
    folder_room.enrollment()
    paths = [folder_room.places.root, *folder_room.places.root.rglob("*")]
    for path in paths:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600) or path == folder_room.places.library
        assert "sampleton" not in path.name.lower() and "nora" not in path.name.lower()


def test_of_many_who_enroll_one_visit_at_once_one_does(folder_room: FolderRoom, settings) -> None:
    settings.KEPT_CLOCK = "process"
    body = folder_room.enroll_body()

    def enroll(key: str) -> str:
        try:
            return folder_room.gateway.enroll(body, key).vendor_id
        except Refused as refused:
            return refused.existing_id

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(enroll, [f"at-once-{number}" for number in range(12)]))
    assert len(found) == 1
    assert [row["enrollment_id"] for row in folder_room.rows()] == list(found)


class Pulled(BaseException):
    """The plug, not an error that anybody catches."""


def dying(function: Callable[..., None], at: int) -> Callable[..., None]:
    calls = iter(range(100))

    def wrapped(*arguments: object) -> None:
        if next(calls) == at:
            raise Pulled
        function(*arguments)

    return wrapped


def taken_away(room: FolderRoom) -> list[str]:
    """What another tool that is quick has found by now, in either format, and taken away."""
    paths = sorted(room.places.root.glob("out/*/*"))
    for path in paths:
        path.unlink()
    return [path.suffix for path in paths]


@pytest.mark.parametrize("function", ["write_atomically", "move"])
@pytest.mark.parametrize("at", range(4))
def test_whenever_a_change_is_cut_off_its_repeat_makes_it_once(
    folder_room: FolderRoom, function: str, at: int
) -> None:
    body = folder_room.enroll_body()
    cut = mock.patch.object(files, function, dying(getattr(files, function), at))
    with suppress(Pulled), cut:
        folder_room.gateway.enroll(body, "cut")
    gone = taken_away(folder_room)
    record = folder_room.gateway.enroll(body, "cut")
    assert sorted(gone + taken_away(folder_room)) == [".csv", ".jsonl"]
    assert folder_room.gateway.list_enrollments(body["patient"]) == [record]
    assert not list(folder_room.places.staged.iterdir())


def test_a_change_that_was_made_and_not_sent_goes_out_with_whatever_comes_next(
    folder_room: FolderRoom,
) -> None:
    body = folder_room.enroll_body()
    with pytest.raises(Pulled), mock.patch.object(files, "move", dying(files.move, 0)):
        folder_room.gateway.enroll(body, "cut")
    assert folder_room.rows() == []
    folder_room.patient()
    assert [row["change"] for row in folder_room.rows()] == ["enroll"]


@pytest.mark.parametrize(
    ("function", "error"), [("write_atomically", TryLater), ("move", GatewayError)]
)
def test_a_disk_that_fails_loses_and_doubles_nothing(
    folder_room: FolderRoom, function: str, error: type[GatewayError]
) -> None:
    body = folder_room.enroll_body()
    broken = mock.patch.object(files, function, side_effect=OSError(28, "No space left"))
    with broken, pytest.raises(error) as caught:
        folder_room.gateway.enroll(body, "full")
    assert isinstance(caught.value, TryLater) == (function == "write_atomically")
    folder_room.gateway.enroll(body, "full")
    assert [row["change"] for row in folder_room.rows()] == ["enroll"]


def pull(room: FolderRoom) -> dict[str, int]:
    room.connection.refresh_from_db()
    return dict(collect.pull(room.connection.practice, Feed.EVENTS, None) or {})


def test_a_file_is_taken_once_and_a_bad_line_is_parked_with_its_number(
    folder_room: FolderRoom,
) -> None:
    record = folder_room.enrollment()
    content = (
        "event,enrollment_id,text\n"
        f"confirmed,{record.vendor_id},\n"
        f"confirmed,{record.vendor_id},one,too many\n"
        f"unrecognized,{record.vendor_id},Who is this?\n"
    )
    folder_room.drop("answers.csv", content)
    counts = pull(folder_room)
    assert (counts["seen"], counts["new"], counts["errors"]) == (2, 2, 1)
    parked = InboundMessage.objects.get(status=InboundStatus.PARKED)
    assert parked.problem.startswith("Line 3 of the file ")
    assert not list(folder_room.places.incoming.iterdir())
    done = list(folder_room.places.done.iterdir())
    assert [path.name.split("-", 1)[1] for path in done] == ["answers.csv"]
    assert stat.S_IMODE(done[0].stat().st_mode) == 0o600
    # The same once more, and then others under the same name.
    folder_room.drop("answers.csv", content)
    assert pull(folder_room).get("new") == 0
    folder_room.drop("answers.csv", content + f"confirmed,{record.vendor_id},\n")
    assert pull(folder_room)["new"] == 3


def test_what_a_line_says_is_taken_in_and_what_makes_no_sense_names_it(
    folder_room: FolderRoom,
) -> None:
    record = folder_room.enrollment()
    lines = [
        f'{{"event": "completed", "enrollment_id": "{record.vendor_id}"}}',
        '{"event": "opted_out", "patient_id": "31", "channel": "sms", "text": "STOP"}',
        f'{{"event": "confirmed", "enrollment_id": "{record.vendor_id}"}}',
        '{"event": "maybe"}',
    ]
    folder_room.drop("events.jsonl", "\n".join(lines))
    pull(folder_room)
    process_stored([folder_room.connection.practice])
    assert folder_room.gateway.read_enrollment(record.vendor_id).status == "completed"
    word = ConsentEvent.objects.get()
    assert (word.patient.external_id, word.channel, word.state) == ("31", "sms", "opted_out")
    # The practice of this test has never heard of the visit.
    parked = InboundMessage.objects.filter(status=InboundStatus.PARKED).order_by("pk")
    assert [row.problem.split(" of the file ")[0] for row in parked] == ["Line 3", "Line 4"]


def test_a_folder_that_others_can_open_is_told_at_the_start(
    folder_room: FolderRoom, settings, tmp_path: Path
) -> None:
    for folder in (folder_room.places.root, tmp_path / "not-there-yet"):
        settings.KEPT_SEED = {**settings.KEPT_SEED, "ENGAGEMENT_FOLDER": str(folder)}
        assert seeds_are_safe() == []
    folder_room.places.root.chmod(0o755)
    settings.KEPT_SEED["ENGAGEMENT_FOLDER"] = str(folder_room.places.root)
    assert [problem.id for problem in seeds_are_safe()] == ["kept.E004"]


def test_one_event_in_two_files_is_one_and_two_alike_on_two_days_are_two(
    folder_room: FolderRoom,
) -> None:
    record = folder_room.enrollment()
    dated = f'{{"event": "confirmed", "enrollment_id": "{record.vendor_id}", "occurred_at": "%s"}}'
    folder_room.drop("monday.jsonl", dated % "2026-11-23T10:00:00Z")
    folder_room.drop("again.jsonl", dated % "2026-11-23T10:00:00Z" + "\n")
    folder_room.drop("tuesday.jsonl", dated % "2026-11-24T10:00:00Z")
    counts = pull(folder_room)
    assert (counts["new"], counts["duplicate"]) == (2, 1)
    # A tool that numbers its events from one each day loses none of them.
    numbered = f'{{"event_id": "1", "event": "%s", "enrollment_id": "{record.vendor_id}"}}'
    folder_room.drop("a.jsonl", numbered % "confirmed")
    folder_room.drop("b.jsonl", numbered % "cancelled")
    assert pull(folder_room)["new"] == 2


@pytest.mark.parametrize("name", [".answers.csv", "answers.csv.part", "answers.csv.tmp", "x.xlsx"])
def test_what_is_still_being_written_is_left_alone(folder_room: FolderRoom, name: str) -> None:
    path = folder_room.drop(name, "event,enrollment_id\n")
    assert pull(folder_room) == {"seen": 0, "new": 0, "duplicate": 0}
    assert path.exists()


def test_links_are_left_alone_and_strange_files_are_told_in_the_end(
    folder_room: FolderRoom,
) -> None:
    (folder_room.places.incoming / "link.csv").symlink_to(folder_room.places.library)
    folder_room.drop("answers.txt", "confirmed", age=2 * 3600)
    folder_room.drop("broken.csv", b"\xff\xfe\x00")
    assert pull(folder_room)["errors"] == 2
    problems = InboundMessage.objects.filter(status=InboundStatus.PARKED)
    assert {row.problem.split(".")[0] for row in problems} == {
        "The name of a file of events must end in ",
        "The file is not text in UTF-8",
    }


def test_a_file_that_is_not_ours_to_read_holds_up_no_other(folder_room: FolderRoom) -> None:
    record = folder_room.enrollment()
    content = f"event,enrollment_id\nconfirmed,{record.vendor_id}\n"
    theirs, _ = folder_room.drop("a.csv", content), folder_room.drop("b.csv", content)
    readable = mock.patch.object(os, "access", lambda path, mode: path != theirs)
    with readable, pytest.raises(TryLater, match="chown"):
        pull(folder_room)
    assert InboundMessage.objects.filter(kind="event").count() == 1
    folder_room.connection.refresh_from_db()
    assert folder_room.connection.failures == 0
    assert pull(folder_room)["new"] == 1


def test_a_pull_that_is_cut_off_takes_each_event_once(folder_room: FolderRoom) -> None:
    record = folder_room.enrollment()
    folder_room.drop("answers.csv", f"event,enrollment_id\nconfirmed,{record.vendor_id}\n")
    for at in range(2):
        with pytest.raises(Pulled), mock.patch.object(files, "move", dying(files.move, at)):
            pull(folder_room)
    pull(folder_room)
    assert InboundMessage.objects.filter(kind="event").count() == 1
    assert not list(folder_room.places.taking.iterdir())


def test_old_files_go_and_what_is_active_stays(folder_room: FolderRoom) -> None:
    ended, active = folder_room.enrollment(), folder_room.enrollment()
    folder_room.gateway.cancel_enrollment(ended.vendor_id, CancelReason.STAFF)
    folder_room.drop("answers.csv", f"event,enrollment_id\nconfirmed,{active.vendor_id}\n")
    pull(folder_room)
    (folder_room.places.book / "purged").unlink()
    for path in folder_room.places.root.rglob("*"):
        if path.is_file():
            os.utime(path, (1, 1))
    pull(folder_room)
    assert not list(folder_room.places.done.iterdir())
    assert not list(folder_room.places.root.glob("out/*/*"))
    with pytest.raises(Refused):
        folder_room.gateway.read_enrollment(ended.vendor_id)
    assert folder_room.gateway.read_enrollment(active.vendor_id) == active


@pytest.mark.parametrize("mode", [0o750, 0o701])
def test_a_folder_that_others_may_open_is_not_used(folder_room: FolderRoom, mode: int) -> None:
    body = folder_room.enroll_body()
    folder_room.places.incoming.chmod(mode)
    with pytest.raises(TryLater) as refused:
        folder_room.gateway.enroll(body, "open")
    assert "chmod 700" in refused.value.sentence
    with pytest.raises(TryLater):
        pull(folder_room)


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("", "whole path"),
        ("exchange", "whole path"),
        (configured.BASE_DIR / "templates" / "x", "served"),
        (configured.STATIC_ROOT / "x", "served"),
        (configured.BASE_DIR.parent, "served"),
        ("/nonexistent/x", "does not exist"),
    ],
)
def test_a_folder_in_the_wrong_place_is_not_used(place: str | Path, word: str) -> None:
    assert word in files.problem(place)


def test_a_link_to_a_folder_is_not_used(folder_room: FolderRoom, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder_room.places.root)
    assert "is a link" in files.problem(link)


def test_one_damaged_record_and_a_bad_library_stop_nothing_else(folder_room: FolderRoom) -> None:
    damaged, sound = folder_room.enrollment(), folder_room.enrollment()
    (folder_room.places.enrollments / f"{damaged.vendor_id}.json").write_text("{")
    body = folder_room.enroll_body()
    folder_room.places.library.write_text("campaign_id,name\ncmp_one,One\n", encoding="utf-8")
    for _ in range(6):
        with pytest.raises(TryLater, match="cannot be read"):
            folder_room.gateway.read_enrollment(damaged.vendor_id)
        with pytest.raises(TryLater, match=r"campaigns.csv, line 2: check language"):
            folder_room.gateway.enroll(body, "no-library")
    folder_room.connection.refresh_from_db()
    assert folder_room.connection.opened_at is None
    ended = folder_room.gateway.cancel_enrollment(sound.vendor_id, CancelReason.STAFF)
    assert ended.status == "cancelled"


def test_the_active_enrollments_are_listed(folder_room: FolderRoom) -> None:
    ended, active = folder_room.enrollment(), folder_room.enrollment()
    folder_room.gateway.cancel_enrollment(ended.vendor_id, CancelReason.STAFF)
    listed, cursor = face_of("folder").active_enrollments(folder_room.connection, "", lambda: None)
    assert (listed, cursor) == ([active], "")
