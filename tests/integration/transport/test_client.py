"""The HTTP client against sockets that misbehave."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.db import transaction

from campaigns.models import Practice
from campaigns.ports import EFFECT_IN_HAND, Deadline, LeaseLost
from integrations.models import HttpExchange
from integrations.transport import client as http
from integrations.transport.client import (
    HttpClient,
    MalformedReply,
    NoAnswer,
    NotSent,
    OpenTransaction,
)
from integrations.transport.response import HttpReply

Script = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: rrt-1\r\n\r\n{}"


class Turns:
    """A limiter that keeps everybody waiting equally long."""

    def __init__(self, wait: float = 0.0) -> None:
        self.wait = wait

    def reserve(self, patience: float) -> float:
        return self.wait


class Server:
    """Plays a script to each connection, in turn; the last one for all that follow."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.received: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            threading.Thread(target=self._play, args=(peer, script), daemon=True).start()

    def _play(self, peer: socket.socket, script: Script) -> None:
        # A caller that hangs up first is what some of these tests are about.
        with peer, suppress(OSError):
            self.received.append(_request(peer))
            script(peer)


def _request(peer: socket.socket) -> bytes:
    """Head and body, which may come in several pieces."""
    received = peer.recv(65536)
    length = re.search(rb"Content-Length: (\d+)", received)
    while length and len(received.partition(b"\r\n\r\n")[2]) < int(length[1]):
        received += peer.recv(65536)
    return received


def _says(text: bytes) -> Script:
    return lambda peer: peer.sendall(text)


def _drips(head: bytes, drop: bytes) -> Script:
    def script(peer: socket.socket) -> None:
        peer.sendall(head)
        for _ in range(200):
            time.sleep(0.05)
            peer.sendall(drop)

    return script


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*scripts: Script) -> Server:
        servers.append(Server(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.listener.close()


@pytest.fixture
def client(db) -> Callable[..., HttpClient]:
    practice = Practice.objects.create(external_id="195900", name="Sample Clinic")

    def build(url: str, limiter: Turns | None = None) -> HttpClient:
        return HttpClient(
            url, vendor="athenahealth", practice_id=practice.pk, limiter=limiter or Turns()
        )

    return build


def _send(client: HttpClient, seconds: float = 5, **more):
    more = {"method": "POST", "path": "/a/7", "template": "/a/{id}", **more}
    return client.send(
        more.pop("method"),
        more.pop("path"),
        deadline=Deadline.after(seconds),
        guard=more.pop("guard", lambda: None),
        **more,
    )


def test_a_whole_answer_is_returned_and_logged(client, serve):
    server = serve(_says(OK))
    reply = _send(client(server.url), form={"name": "Nora", "none": None}, params={"q": "1"})
    assert (reply.status, reply.json(), reply.request_id) == (200, {}, "rrt-1")
    assert reply.headers["content-length"] == "2"
    assert server.received[0].startswith(b"POST /a/7?q=1 HTTP/1.1")
    assert server.received[0].endswith(b"\r\n\r\nname=Nora")
    logged = HttpExchange.objects.get()
    assert (logged.method, logged.path_template, logged.status) == ("POST", "/a/{id}", 200)
    assert (logged.outcome, logged.request_id) == ("answered", "rrt-1")


def test_the_log_names_the_effect_in_hand(client, serve):
    token = EFFECT_IN_HAND.set(17)
    try:
        _send(client(serve(_says(OK)).url))
    finally:
        EFFECT_IN_HAND.reset(token)
    assert HttpExchange.objects.get().effect_id == 17


def test_a_refused_connection_was_certainly_not_sent(client):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(NotSent):
        _send(client(f"http://127.0.0.1:{port}"))
    assert HttpExchange.objects.get().outcome == "not_sent"


@pytest.mark.parametrize("url", ["http://nowhere.invalid", "http://", "nonsense"])
def test_an_address_that_leads_nowhere_was_not_sent(client, url):
    with pytest.raises(NotSent):
        _send(client(url))


def test_a_peer_that_does_not_speak_tls_was_sent_nothing(client, serve):
    server = serve(_says(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(NotSent):
        _send(client(server.url.replace("http:", "https:")))


def test_a_credential_with_a_line_break_is_not_sent(client, serve):
    with pytest.raises(NotSent) as caught:
        _send(client(serve(_says(OK)).url), headers={"Authorization": "Bearer a\r\nb"})
    assert "Bearer" not in str(caught.value)


def _closes(peer: socket.socket) -> None:
    """Hangs up without a word."""


@pytest.mark.parametrize(
    "script",
    [
        _closes,
        _says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
        _says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"),
        _says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
        _says(b"nonsense\r\n\r\n"),
    ],
)
def test_a_broken_answer_leaves_it_open(client, serve, script):
    with pytest.raises(NoAnswer):
        _send(client(serve(script).url))
    assert HttpExchange.objects.get().outcome == "no_answer"


@pytest.mark.parametrize(
    "script",
    [
        _drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        _drips(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"a"),
        _drips(b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
    ],
)
def test_a_slow_drip_ends_at_the_deadline(client, serve, script):
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        _send(client(serve(script).url), seconds=0.3)
    assert time.monotonic() - began < 1.5


def test_an_endless_answer_is_cut(client, serve, monkeypatch):
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 1000)
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b" " * 5000
    with pytest.raises(NoAnswer):
        _send(client(serve(_says(body)).url))


def test_a_redirect_is_an_answer_and_not_followed(client, serve):
    elsewhere = serve(_says(OK))
    text = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
    reply = _send(client(serve(_says(text.encode())).url))
    assert reply.status == 302
    assert elsewhere.received == []


def test_a_kept_connection_that_the_server_closed_is_never_taken_for_unsent(client, serve):
    """The second request goes out on a new connection, or its outcome is open."""
    server = serve(_says(OK), _says(OK))
    caller = client(server.url)
    _send(caller)
    try:
        assert _send(caller).ok
    except NoAnswer:
        assert HttpExchange.objects.filter(outcome="no_answer").count() == 1


def test_neither_environment_nor_cookies_are_sent(client, serve, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stray password stray\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    cookie = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    server = serve(_says(cookie))
    caller = client(server.url)
    for _ in range(2):
        _send(caller, headers={"Authorization": "Bearer ours"})
    for received in server.received:
        assert b"Authorization: Bearer ours" in received
        assert b"Cookie" not in received


def test_no_time_left_sends_nothing(client, serve):
    server = serve(_says(OK))
    with pytest.raises(NotSent):
        _send(client(server.url), seconds=0)
    assert server.received == []


def test_a_turn_beyond_the_deadline_is_not_waited_for(client, serve):
    server = serve(_says(OK))
    with pytest.raises(NotSent) as caught:
        _send(client(server.url, Turns(60)), seconds=5)
    assert caught.value.retry_after == 60
    assert server.received == []


def test_the_guard_is_asked_after_the_wait_and_before_the_call(client, serve, monkeypatch):
    events: list[str] = []
    monkeypatch.setattr(http.time, "sleep", lambda seconds: events.append("wait"))

    def guard() -> None:
        events.append("guard")
        raise LeaseLost

    server = serve(_says(OK))
    with pytest.raises(LeaseLost):
        _send(client(server.url, Turns(1)), guard=guard)
    assert events == ["wait", "guard"]
    assert (server.received, HttpExchange.objects.count()) == ([], 0)


def test_a_call_inside_a_transaction_is_a_mistake_of_ours(client, serve):
    with pytest.raises(OpenTransaction), transaction.atomic():
        _send(client(serve(_says(OK)).url))


def test_no_error_quotes_the_request(client, serve):
    with pytest.raises(NoAnswer) as caught:
        _send(client(serve(_closes).url), params={"name": "Nora"}, form={"dob": "1980"})
    error = caught.value
    assert error.__suppress_context__
    assert not {"Nora", "1980", "/a/7"} & set(f"{error!r} {error}".split())


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"NaN", b'{"a": Infinity}', b"[" * 200_000, b"[" * 100 + b"]" * 100, b"\xff"],
)
def test_only_plain_json_counts_as_json(body):
    reply = HttpReply(200, {}, body)
    with pytest.raises(MalformedReply):
        reply.json()
    assert reply.json_or_none() is None


def test_json_after_blank_lines_is_read():
    assert HttpReply(400, {}, b'\n\n{"error": "x"}').json() == {"error": "x"}
