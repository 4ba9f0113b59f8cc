"""athenahealth's error bodies."""

from typing import Any


class AthenaError(Exception):
    """`{"error", "detailedmessage"?, "missingfields"?, "invalidfields"?}` with a 4xx status."""

    def __init__(self, status: int, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **more}


class SoftFailure(Exception):
    """Refused inside a 200, as some endpoints do."""

    def __init__(self, payload: Any) -> None:
        super().__init__("refused inside a 200")
        self.payload = payload


def missing(*names: str) -> AthenaError:
    return AthenaError(400, "Additional fields are required.", missingfields=list(names))


def invalid(detail: str) -> AthenaError:
    return AthenaError(400, "The data provided is invalid.", detailedmessage=detail)
