"""Nothing about a patient in a log line, whichever library wrote it."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from django.test import RequestFactory

from audit.context import during_request
from project.logging import logging_settings


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the production set-up writes; the set-up of the tests comes back afterwards."""
    out = io.StringIO()
    settings = logging_settings(json_lines=True)
    settings["handlers"]["stdout"]["stream"] = out
    logging.config.dictConfig(settings)
    yield out
    logging.config.dictConfig(logging_settings(json_lines=False))


def only_line(out: io.StringIO) -> dict:
    (line,) = out.getvalue().splitlines()
    return json.loads(line)


def test_a_line_is_data(lines: io.StringIO) -> None:
    structlog.get_logger("kept").info("effect done", effect_id=12, code="enrolled")
    line = only_line(lines)
    assert (line["event"], line["effect_id"], line["code"]) == ("effect done", 12, "enrolled")
    assert line["level"] == "info"


def test_forbidden_keys_and_telling_values_are_masked(lines: io.StringIO) -> None:
    structlog.get_logger("kept").info(
        "reply from +12125550142", first_name="Ann", about={"email": "ann@example.com"}
    )
    text = lines.getvalue()
    assert "2125550142" not in text
    assert "Ann" not in text
    assert "ann@" not in text


def test_lines_of_other_libraries_are_scrubbed_too(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("cannot reach %s", "ann@example.com")
    assert "ann@" not in lines.getvalue()


def test_an_exception_is_named_but_not_quoted(lines: io.StringIO) -> None:
    try:
        raise ValueError("Key (name)=(Marguerite) already exists")
    except ValueError:
        structlog.get_logger("kept").exception("look failed")
    line = only_line(lines)
    assert "Marguerite" not in json.dumps(line)
    assert line["exception"] == "ValueError"
    assert "test_logging.py" in line["where"][-1]


def test_an_exception_of_another_library_is_not_quoted_either(lines: io.StringIO) -> None:
    try:
        raise ValueError("Marguerite")
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    assert "Marguerite" not in lines.getvalue()


def test_a_request_is_named_by_its_route_not_by_its_address(lines: io.StringIO) -> None:
    request = RequestFactory().get("/patients/Marguerite/?q=Duras")
    logging.getLogger("django.request").warning(
        "Not Found: %s", request.path, extra={"request": request, "status_code": 404}
    )
    text = lines.getvalue()
    assert "Marguerite" not in text
    assert "Duras" not in text
    assert "404" in text


def test_a_failed_task_does_not_bring_its_traceback(lines: io.StringIO) -> None:
    logging.getLogger("django-q").error("Failed 'look' (red-ten) - Key (name)=(Marguerite)")
    assert "Marguerite" not in lines.getvalue()


def test_a_line_carries_the_id_of_its_request(lines: io.StringIO) -> None:
    with during_request(visitor=None, request_id="abcdef-123", source_ip=None):
        structlog.get_logger("kept").info("hello")
    assert only_line(lines)["request_id"] == "abcdef-123"
