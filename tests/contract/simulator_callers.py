"""Small callers of both vendors, and a clock that the tests move."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

SCOPE = "athena/service/Athenanet.MDP.*"
START = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
STARTS_AT = "2026-12-03T15:30:00Z"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class Control:
    """The control API of the simulators."""

    def __init__(self, url: str) -> None:
        self.url = url

    def sim(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sim{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settings(self, **switches: Any) -> None:
        self.sim("POST", "/settings", switches)


class Athena(Control):
    """As much of a client as the tests need."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url)
        self.clock = clock
        self.headers: dict[str, str] = {}

    def token(self, secret: str = "demo-secret", **form: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "scope": SCOPE} | form
        return requests.post(f"{self.url}/oauth2/v1/token", auth=("kept-demo", secret), data=form)

    def sign_in(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token().json()['access_token']}"}

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(
            method, f"{self.url}/v1/195900{path}", headers=self.headers, timeout=10, **more
        )

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, params=query).json()

    def put(self, path: str, **form: Any) -> requests.Response:
        return self.call("PUT", path, data=form)

    def post(self, path: str, **form: Any) -> requests.Response:
        return self.call("POST", path, data=form)

    def book(self, **fields: Any) -> str:
        patient = self.sim("POST", "/athena/patients", {})["patientid"]
        fields = {"patientid": patient, "starts_at": "2026-12-03T15:30:00Z"} | fields
        return str(self.sim("POST", "/athena/appointments", fields)["appointmentid"])

    def row(self, id: str) -> dict[str, Any]:
        return dict(self.get(f"/appointments/{id}")[0])


class Relatient(Control):
    """As much of a client as the tests need; every call takes a fresh key unless given one."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.keys = 0

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        self.keys += 1
        sent = {
            "Authorization": "ApiKey demo-relatient-key",
            "Idempotency-Key": f"key-{self.keys}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method, f"{self.url}/relatient/v1{path}", json=body, headers=sent, timeout=10
        )

    def get(self, path: str) -> Any:
        return self.call("GET", path).json()

    def patient(self, number: str = "7001", **fields: Any) -> dict[str, Any]:
        body = {
            "external_id": f"athena:195900:{number}",
            "first_name": "Nova",
            "mobile_phone": "+16172267001",
            "email": "nova@example.org",
        }
        return dict(self.call("POST", "/patients", body | fields).json())

    def enroll_body(self, patient: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return {
            "patient_id": patient["id"],
            "campaign_id": "cmp_preventive_en",
            "appointment": appointment(),
            "lead_channel": "sms",
            "channels_allowed": ["sms", "email"],
        } | fields

    def enroll(self, patient: dict[str, Any], **fields: Any) -> requests.Response:
        return self.call("POST", "/enrollments", self.enroll_body(patient, **fields))


def appointment(number: str = "1192901", **fields: Any) -> dict[str, Any]:
    return {
        "external_id": f"athena:195900:{number}",
        "starts_at": STARTS_AT,
        "time_zone": "America/New_York",
        "provider_external_id": "athena:195900:71",
    } | fields


def refusal(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert {"code", "title", "request_id", "retryable"} <= set(body)
    return answer.status_code, body["code"]
