"""What must not come in by the vendors' doors: the right status, a short reason, and no row."""

from __future__ import annotations

import gzip
import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve, reverse

from campaigns.models import Practice
from integrations.models import Connection, InboundMessage
from integrations.webhooks.request_body import MOST_BYTES
from tests.factories import PracticeFactory
from tests.integration.webhook_room import (
    ATHENA,
    RELATIENT,
    SECRETS,
    VENDORS,
    Room,
    digest,
    raw,
    signature,
)
from tests.integration.webhook_room import room as make_room

pytestmark = pytest.mark.parametrize("vendor", VENDORS)
SECRET_WORDS = "Rosa Delgado"


@pytest.fixture
def room(db: None) -> Room:
    return make_room()


def refused(answer: HttpResponse, status: int) -> str:
    """The reason: short, plain, without a word of what was sent; and nothing was stored."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    content = json.loads(answer.content)
    assert list(content) == ["error"]
    reason: str = content["error"]
    assert 0 < len(reason) <= 100
    assert not any(word in reason for word in ("Rosa", "Delgado", *SECRETS.values()))
    assert not InboundMessage.objects.exists()
    assert not Connection.objects.filter(webhook_heard_at__isnull=False).exists()
    return reason


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
def test_only_post(room: Room, vendor: str, method: str) -> None:
    answer = getattr(room.client, method)(room.address(vendor))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "practice", ["1", "0", "no-such", "x%00y", "%F0%9F%92%A5", "9" * 300, "..", "1%20", "%27--"]
)
def test_an_unknown_practice(room: Room, vendor: str, practice: str) -> None:
    refused(room.post(vendor, raw(room.valid(vendor)), practice=practice), 404)


def test_a_practice_without_this_connection(room: Room, vendor: str) -> None:
    other = PracticeFactory()
    refused(room.post(vendor, raw(room.valid(vendor)), practice=other.external_id), 404)


def test_a_practice_that_is_not_active_any_more(room: Room, vendor: str) -> None:
    Practice.objects.update(active=False)
    refused(room.post(vendor, raw(room.valid(vendor))), 404)


def test_the_secret_of_another_practice(room: Room, vendor: str) -> None:
    other = PracticeFactory()
    Connection.objects.create(practice=other, vendor=vendor, webhook_secret="theirs")
    body = raw(room.valid(vendor))
    theirs = signature(vendor, body, "theirs")
    refused(room.post(vendor, body, signature=theirs), 401)
    ours = signature(vendor, body)
    refused(room.post(vendor, body, signature=ours, practice=other.external_id), 401)


def test_an_address_without_its_last_slash_redirects_nobody(room: Room, vendor: str) -> None:
    """A redirected POST would arrive without its body."""
    address = room.address(vendor).rstrip("/")
    answer = room.client.post(address, raw(room.valid(vendor)), content_type="application/json")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/xml",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "json",
        ";",
        "application/json, text/plain",
        "application/" + "j" * 20_000,
        "\xff\xfe",
    ],
)
def test_another_content_type(room: Room, vendor: str, kind: str | None) -> None:
    refused(room.post(vendor, raw(room.valid(vendor)), type=kind), 415)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/fhir+json",
        "Application/JSON ; charset=utf-8",
        "application/fhir+json;charset=UTF-8;fhirVersion=4.0",
        "application/json; charset=no-such-charset",
    ],
)
def test_json_by_any_of_its_names(room: Room, vendor: str, kind: str) -> None:
    assert room.post(vendor, raw(room.valid(vendor)), type=kind).status_code == 200


def padded(room: Room, vendor: str, size: int) -> bytes:
    body = raw(room.valid(vendor))
    return body + b" " * (size - len(body))


def test_up_to_a_mebibyte(room: Room, vendor: str) -> None:
    assert room.post(vendor, padded(room, vendor, MOST_BYTES)).status_code == 200


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 4 * MOST_BYTES])
def test_more_than_a_mebibyte(room: Room, vendor: str, size: int) -> None:
    refused(room.post(vendor, padded(room, vendor, size)), 413)


def test_a_length_that_promises_too_much(room: Room, vendor: str) -> None:
    body = raw(room.valid(vendor))
    refused(room.post(vendor, body, environ={"CONTENT_LENGTH": str(10**12)}), 413)


@pytest.mark.parametrize("length", ["", "-1", "-99999999999", "many", "1e3", "\xb2", "9" * 5000])
def test_a_length_that_is_none(room: Room, vendor: str, length: str) -> None:
    """Then there is no body, as Django sees it, and no signature of nothing was sent."""
    body = raw(room.valid(vendor))
    refused(room.post(vendor, body, environ={"CONTENT_LENGTH": length}), 401)


def chunked(room: Room, vendor: str, body: bytes, signed: str) -> HttpResponse:
    """As a server passes on a body that came without a length, in chunks."""
    header = {ATHENA: "HTTP_X_HUB_SIGNATURE", RELATIENT: "HTTP_RELATIENT_SIGNATURE"}[vendor]
    environ: dict[str, Any] = {
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        header: signed,
    }
    request = RequestFactory().generic("POST", room.address(vendor), **environ)
    found = resolve(room.address(vendor))
    return found.func(request, **found.kwargs)


def test_a_body_in_chunks_is_read(room: Room, vendor: str) -> None:
    body = raw(room.valid(vendor))
    assert chunked(room, vendor, body, signature(vendor, body)).status_code == 200
    assert InboundMessage.objects.count() == 1


def test_too_much_without_a_length(room: Room, vendor: str) -> None:
    body = padded(room, vendor, MOST_BYTES + 1)
    refused(chunked(room, vendor, body, signature(vendor, body)), 413)


def test_a_body_that_breaks_off(room: Room, vendor: str) -> None:
    class Broken:
        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError

        readline = read

    body = raw(room.valid(vendor))
    environ: dict[str, Any] = {"wsgi.input": Broken(), "CONTENT_LENGTH": "100"}
    refused(room.post(vendor, body, environ=environ), 400)


def test_no_signature(room: Room, vendor: str) -> None:
    body = raw(room.valid(vendor))
    reason = "the signature is missing"
    assert refused(room.post(vendor, body, signature=None), 401) == reason
    assert refused(room.post(vendor, body, signature=" "), 401) == reason


def test_without_a_secret_nothing_is_taken_signed_or_not(room: Room, vendor: str) -> None:
    """Everybody can sign with an empty secret."""
    Connection.objects.update(webhook_secret="")
    body = raw(room.valid(vendor))
    for signed in (None, signature(vendor, body, SECRETS[vendor])):
        assert "set one" in refused(room.post(vendor, body, signature=signed), 401)
    forged = {ATHENA: "sha256=" + digest("", body)}.get(vendor)
    if forged is None:
        moment = str(int(time.time()))
        forged = f"t={moment},v1={digest('', moment.encode() + b'.' + body)}"
    refused(room.post(vendor, body, signature=forged), 401)


WRONG: dict[str, Callable[[str], str]] = {
    "one letter": lambda good: good[:-1] + ("0" if good[-1] != "0" else "1"),
    "cut": lambda good: good[:-2],
    "too long": lambda good: good + "00",
    "no hex": lambda good: good[:-2] + "zz",
    "no name": lambda good: good.rpartition("=")[2],
    "no value": lambda good: good.rpartition("=")[0] + "=",
    "only a sign": lambda good: "=",
    "commas": lambda good: ",,,,",
    "another method": lambda good: good.replace("sha256=", "sha1=").replace("v1=", "v2="),
    "no method": lambda good: good.replace("sha256=", "none=").replace("v1=", "v0="),
    "not ascii": lambda good: good[:-1] + "\xe9",
    "not ascii at all": lambda good: "\xff\xfe\xfd",
    "other digits": lambda good: good[:-1] + "\xb2",
    "a name that is not ascii": lambda good: "sh\xe4256=" + good.rpartition("=")[2],
    "blanks": lambda good: good[:-4] + "    ",
    "quoted": lambda good: f'"{good}"',
    "endless": lambda good: good + "," + good * 2000,
}


@pytest.mark.parametrize("how", WRONG)
def test_a_signature_that_is_wrong(room: Room, vendor: str, how: str) -> None:
    body = raw(room.valid(vendor))
    refused(room.post(vendor, body, signature=WRONG[how](signature(vendor, body))), 401)


@pytest.mark.parametrize("change", [b"", b" ", b"\n"])
def test_the_signature_is_over_the_raw_bytes(room: Room, vendor: str, change: bytes) -> None:
    """The same JSON, one blank more or less: not what was signed."""
    body = raw(room.valid(vendor))
    other = body + change if change else body.rstrip()
    refused(room.post(vendor, other, signature=signature(vendor, body)), 401)


def test_capital_hex_is_the_same_number(room: Room, vendor: str) -> None:
    body = raw(room.valid(vendor))
    name, _, value = signature(vendor, body).rpartition("=")
    assert room.post(vendor, body, signature=f"{name}={value.upper()}").status_code == 200


@pytest.mark.parametrize("seconds", [-310, -100_000, 330, 100_000])
def test_a_time_that_is_too_far_from_ours(room: Room, vendor: str, seconds: int) -> None:
    body = raw(room.valid(vendor))
    signed = signature(vendor, body, at=time.time() + seconds)
    answer = room.post(vendor, body, signature=signed)
    if vendor == ATHENA:
        # Its signature holds no time.
        assert answer.status_code == 200
    else:
        assert "clock" in refused(answer, 401)


@pytest.mark.parametrize("seconds", [-270, 290])
def test_a_time_within_the_tolerance(room: Room, vendor: str, seconds: int) -> None:
    body = raw(room.valid(vendor))
    signed = signature(vendor, body, at=time.time() + seconds)
    assert room.post(vendor, body, signature=signed).status_code == 200


@pytest.mark.parametrize("moment", ["", "-1", "now", "1e9", "\xb2\xb3", "1" * 13, "1 2", "0"])
def test_a_time_that_is_none(room: Room, vendor: str, moment: str) -> None:
    body = raw(room.valid(vendor))
    if vendor == ATHENA:
        signed = f"sha256={moment}"
    else:
        mark = digest(SECRETS[vendor], moment.encode("latin-1") + b"." + body)
        signed = f"t={moment},v1={mark}"
    refused(room.post(vendor, body, signature=signed), 401)


def test_two_times_are_none(room: Room, vendor: str) -> None:
    body = raw(room.valid(vendor))
    signed = signature(vendor, body)
    refused(room.post(vendor, body, signature=f"{signed},{signed.partition(',')[0]},t=1"), 401)


DEEP = 100_000
NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"  \n",
    "words": b"Rosa Delgado",
    "cut": b'{"resourceType": "Bundle", "name": "Rosa Del',
    "two values": b"{} {}",
    "single quotes": b"{'a': 1}",
    "a form": b"events=Rosa",
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep lists without an end": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a little too deep": b"[" * 70 + b"]" * 70,
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"[-Infinity]",
    "a number that means Infinity": b'{"a": 1e999}',
    "and a negative one": b'{"a": -1e999}',
    "a number of many digits": b"[" + b"7" * 5000 + b"]",
    "invalid UTF-8": b'{"a": "\xff\xfe Rosa"}',
    "UTF-8 cut": b'{"a": "\xe2\x82"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "UTF-16": '{"a": "é"}'.encode("utf-16"),
    "a raw NUL": b'{"a": "\x00"}',
    "compressed": gzip.compress(b"{}"),
}


@pytest.mark.parametrize("what", NOT_JSON)
def test_signed_but_no_json(room: Room, vendor: str, what: str) -> None:
    refused(room.post(vendor, NOT_JSON[what]), 400)


@pytest.mark.parametrize("what", NOT_JSON)
def test_what_is_unsigned_is_not_even_parsed(room: Room, vendor: str, what: str) -> None:
    refused(room.post(vendor, NOT_JSON[what], signature=None), 401)


@pytest.mark.parametrize(
    "text",
    ["\\ud83d\\ude00", "\\\\u0000", "é", "\\u00e9", "a\\u0001b"]
    + ["\\u0000", "a\\ud83d", "\\udfff Rosa", "\\ude00\\ud83d"],
)
def test_odd_text_is_stored(room: Room, vendor: str, text: str) -> None:
    body = json.dumps(room.valid(vendor)).replace("2026-11-20T15:04:05", text).encode()
    assert room.post(vendor, body).status_code == 200
    assert InboundMessage.objects.count() == 1


def test_a_cookie_opens_no_session(
    room: Room, vendor: str, django_assert_max_num_queries: Any
) -> None:
    """Nothing is looked up for whoever is not a vendor, but the practice."""
    room.client.cookies["sessionid"] = "0" * 32
    body = raw(room.valid(vendor))
    with django_assert_max_num_queries(4) as seen:
        refused_answer = room.post(vendor, body, signature=None)
    assert refused_answer.status_code == 401
    assert not any("session" in query["sql"] for query in seen.captured_queries)


def test_the_addresses_are_those_of_the_contract(room: Room, vendor: str) -> None:
    address = reverse(f"webhook-{vendor}", kwargs={"practice": "195900"})
    assert address == f"/webhooks/{vendor}/195900/"
