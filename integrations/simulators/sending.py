"""The threads that carry webhooks: one POST at a time each, never holding the simulation's lock."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from threading import Event, RLock
from urllib.parse import urlsplit

from .postbox import Parcel, Postbox

SENDERS = 4
# How long a sender sleeps when nothing is due and nobody calls it.
IDLE_SECONDS = 0.05


def may_be_told(url: str) -> bool:
    """HTTPS, as the real vendors insist; plain HTTP to this machine only."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Sender:
    def __init__(self, postbox: Postbox, lock: RLock) -> None:
        self.postbox = postbox
        self.lock = lock

    def run(self, stopping: Event) -> None:
        while not stopping.is_set():
            if not self.send_next():
                self.postbox.signal.wait(IDLE_SECONDS)
                self.postbox.signal.clear()

    def send_next(self) -> bool:
        with self.lock:
            parcel = self.postbox.take()
            if parcel is None:
                return False
            body, headers = parcel.to.letter(parcel, self.postbox.clock())
        accepted, answer = self.post(parcel, body, headers)
        with self.lock:
            self.postbox.settle(parcel, accepted, answer)
        return True

    def post(self, parcel: Parcel, body: bytes, headers: dict[str, str]) -> tuple[bool, str]:
        """A redirect is not followed, and is no acceptance."""
        url = urlsplit(parcel.to.url)
        scheme = HTTPSConnection if url.scheme == "https" else HTTPConnection
        connection = scheme(url.hostname or "", url.port, timeout=parcel.to.timeout_seconds)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        except TimeoutError:
            return False, "timeout"
        except (OSError, HTTPException) as error:
            return False, type(error).__name__
        finally:
            connection.close()
        return 200 <= status < 300, str(status)
