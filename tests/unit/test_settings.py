"""Production starts only when it is safe; the demonstration and the tests need nothing set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k" * 30 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "AUDIT_SEAL_KEYS": "a-seal-key-of-our-own-0123456789",
    "FIELD_ENCRYPTION_KEYS": "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=",
    "ATHENA_BASE_URL": "https://api.platform.example.com",
    "RELATIENT_BASE_URL": "https://relatient.example.com/api",
}


def load(show: str = "'loaded'", **environment: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own, with nothing inherited and no .env of ours."""
    code = (
        "import environ; environ.Env.read_env = lambda *a, **k: None\n"
        f"from project import settings\nprint({show})"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_when_everything_is_in_order() -> None:
    result = load("'integrations.simulators' in settings.INSTALLED_APPS", **GOOD)
    assert (result.returncode, result.stdout.strip()) == (0, "False"), result.stderr


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"DEBUG": "true"}, "DEBUG is on"),
        ({"REQUIRE_SECOND_FACTOR": "false"}, "REQUIRE_SECOND_FACTOR"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "django-insecure-abc"}, "SECRET_KEY holds the key"),
        ({"AUDIT_SEAL_KEYS": ""}, "AUDIT_SEAL_KEYS is not set"),
        ({"AUDIT_SEAL_KEYS": " , "}, "AUDIT_SEAL_KEYS is not set"),
        ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is not set"),
        (
            {"FIELD_ENCRYPTION_KEYS": "insecureinsecureinsecureinsecureinsecureins="},
            "FIELD_ENCRYPTION_KEYS holds the key",
        ),
        ({"FIELD_ENCRYPTION_KEYS": "too-short"}, "key 1 is no Fernet key"),
        ({"ATHENA_BASE_URL": "http://127.0.0.1:8001"}, "ATHENA_BASE_URL is on this machine"),
        ({"RELATIENT_BASE_URL": "https://localhost/relatient"}, "RELATIENT_BASE_URL is on"),
    ],
)
def test_production_refuses(change: dict[str, str], complaint: str) -> None:
    result = load(**GOOD | change)
    assert result.returncode != 0
    assert complaint in result.stderr


def test_a_refusal_names_everything_at_once_and_repeats_no_value() -> None:
    result = load(**GOOD | {"DEBUG": "true", "FIELD_ENCRYPTION_KEYS": "not-a-key"})
    assert "DEBUG is on" in result.stderr
    result = load(**GOOD | {"SECRET_KEY": "insecure-hunter2", "AUDIT_SEAL_KEYS": ""})
    assert "SECRET_KEY" in result.stderr
    assert "AUDIT_SEAL_KEYS" in result.stderr
    assert "hunter2" not in result.stderr


def test_production_is_the_default_environment() -> None:
    assert "SECRET_KEY is not set" in load().stderr


def test_an_unknown_environment_is_refused() -> None:
    assert "ENVIRONMENT is 'staging'" in load(ENVIRONMENT="staging").stderr


@pytest.mark.parametrize("environment", ["demo", "test"])
def test_demonstration_and_tests_need_nothing_set(environment: str) -> None:
    result = load("'integrations.simulators' in settings.INSTALLED_APPS", ENVIRONMENT=environment)
    assert (result.returncode, result.stdout.strip()) == (0, "True"), result.stderr


def test_a_variable_left_empty_counts_as_not_set() -> None:
    result = load("len(settings.SECRET_KEY) > 20", ENVIRONMENT="demo", SECRET_KEY="")
    assert result.stdout.strip() == "True", result.stderr


def test_a_key_may_begin_with_a_dollar_sign() -> None:
    result = load("settings.SECRET_KEY", **GOOD | {"SECRET_KEY": "$trange-but-allowed-0123456789"})
    assert result.stdout.strip() == "$trange-but-allowed-0123456789", result.stderr


def test_sqlite_is_set_up_not_to_lose_committed_rows() -> None:
    result = load("settings.DATABASES['default']['OPTIONS']", ENVIRONMENT="demo")
    assert "synchronous=FULL" in result.stdout
    assert "IMMEDIATE" in result.stdout


def test_a_waiting_task_is_not_run_twice_before_its_turn() -> None:
    from django.conf import settings

    queue = settings.Q_CLUSTER
    assert queue["retry"] > queue["timeout"] * (queue["queue_limit"] / queue["workers"] + 2)


def test_every_variable_that_is_read_is_documented() -> None:
    import re

    read = re.findall(
        r"(?:text|items|env\.\w+)\(\s*\"([A-Z_]+)\"", (ROOT / "project/settings.py").read_text()
    )
    documented = (ROOT / ".env.example").read_text()
    missing = {name for name in read if f"\n{name}=" not in documented} - {"TEST_SQLITE_FILE"}
    assert read
    assert not missing
