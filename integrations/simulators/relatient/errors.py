"""The contract's refusals."""

from typing import Any

# code -> (HTTP status, title, whether the same request may be sent again)
CODES: dict[str, tuple[int, str, bool]] = {
    "invalid_json": (400, "The body is not a JSON object.", False),
    "invalid_cursor": (400, "The cursor is not one of ours.", False),
    "idempotency_key_required": (
        400,
        "This request needs an Idempotency-Key of at most 255 characters.",
        False,
    ),
    "invalid_api_key": (401, "The API key is missing or unknown.", False),
    "missing_scope": (403, "The API key lacks the scope for this request.", False),
    "not_found": (404, "Nothing is here.", False),
    "patient_not_found": (404, "No patient has this id.", False),
    "campaign_not_found": (404, "No campaign has this id.", False),
    "method_not_allowed": (405, "This address does not take this method.", False),
    "ambiguous": (409, "Two records carry this id; a person has to merge them.", False),
    "already_exists": (409, "A patient with this external id exists.", False),
    "active_enrollment_exists": (409, "This appointment already has an active enrollment.", False),
    "not_active": (409, "The enrollment is not active.", False),
    "cursor_expired": (410, "Events were dropped; start again without a cursor.", False),
    "etag_mismatch": (412, "The record has changed since.", False),
    "validation_failed": (422, "Some fields are not valid.", False),
    "idempotency_key_reused": (422, "This key was used with another request.", False),
    "no_reachable_channel": (422, "No allowed channel can reach the recipient.", False),
    "opted_out": (422, "Every allowed channel is opted out.", False),
    "provider_required": (422, "The appointment needs exactly one provider.", False),
    "campaign_inactive": (422, "The campaign is not active.", False),
    "appointment_in_past": (422, "The appointment has started already.", False),
    "invalid_phone": (422, "The number cannot be texted.", False),
    "rate_limited": (429, "Too many requests.", True),
}


class Refusal(Exception):
    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.title, self.retryable = CODES[code]
        self.more = more

    def body(self, request_id: str) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.title,
            "retryable": self.retryable,
            "request_id": request_id,
            **self.more,
        }


def invalid(field: str, message: str) -> Refusal:
    return Refusal("validation_failed", field_errors=[{"field": field, "message": message}])
