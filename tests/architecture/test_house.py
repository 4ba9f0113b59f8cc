"""The rules of the house that a linter does not know."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("project", "audit", "campaigns", "integrations")
LONGEST_FILE = 400
FULLEST_FOLDER = 20
# Whole things of their own, however many parts they have.
WHOLE = {"domain", "models", "migrations", "simulators"}
NAMELESS = {"utils.py", "util.py", "helpers.py", "common.py", "base.py", "misc.py"}
BINARY = {".png", ".jpg", ".ico", ".woff2", ".gz"}


def files() -> list[Path]:
    """What belongs to the project: known to git, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        paths = [path for path in ROOT.rglob("*") if not is_ignored(path)]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def is_ignored(path: Path) -> bool:
    """What .gitignore names, for a copy that is no repository."""
    parts = path.relative_to(ROOT).parts
    return parts[0] in {".venv", ".git", "var", ".env", ".hypothesis"} or any(
        part.endswith(("_cache", "__pycache__")) for part in parts
    )


def modules(*folders: str) -> Iterator[Path]:
    for path in files():
        inside = path.relative_to(ROOT)
        if path.suffix == ".py" and inside.parts[0] in folders and "migrations" not in inside.parts:
            yield path


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def shown(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_no_file_is_too_long_to_read() -> None:
    long = [p for p in modules(*PRODUCT, "tests") if len(p.read_text().splitlines()) > LONGEST_FILE]
    assert not shown(long)


def test_no_folder_of_the_loop_or_of_pages_is_too_full_to_find_anything_in() -> None:
    inside = [path for path in modules("campaigns", "integrations") if path.name != "__init__.py"]
    folders = Counter(path.parent for path in inside if not WHOLE & set(path.parts))
    assert not {str(one): many for one, many in folders.items() if many > FULLEST_FOLDER}


def test_every_module_has_a_name_that_says_what_it_is_for() -> None:
    assert not shown([path for path in modules(*PRODUCT, "tests") if path.name in NAMELESS])


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    # Spelled in pieces, so that this file does not find itself.
    places = re.compile("|".join(["/ho" + "me/", "/Use" + "rs/", "/wo" + "rk/", "/ro" + "ot/"]))
    assert not shown([path for path in files() if places.search(path.read_text(errors="ignore"))])


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_names_no_package_index(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"^--(index|extra-index|find-links)", text, re.MULTILINE)
    assert "://" not in text


def test_there_is_no_lock_that_names_one() -> None:
    assert not [
        name for name in ("uv.lock", "poetry.lock", "pylock.toml") if (ROOT / name).exists()
    ]


def test_only_one_module_speaks_http() -> None:
    clients = {"requests", "urllib3", "httpx", "aiohttp", "urllib.request", "http.client"}
    speakers = [
        path
        for path in modules(*PRODUCT)
        if imported(path) & clients and "simulators" not in path.parts
    ]
    assert set(shown(speakers)) <= {"integrations/transport/client.py"}


def test_the_simulators_share_no_code_with_what_they_test() -> None:
    guilty = [
        path
        for path in modules("integrations")
        if "simulators" in path.parts
        and any(
            name.split(".")[0] in PRODUCT and not name.startswith("integrations.simulators")
            for name in imported(path)
            # `from integrations import simulators` appears as both.
            if name != "integrations"
        )
    ]
    assert not shown(guilty)


def test_the_domain_reads_no_clock() -> None:
    readers = re.compile(r"\b(timezone\.now|datetime\.now|date\.today|time\.time|utcnow)\(")
    domain = [path for path in modules("campaigns") if "domain" in path.parts]
    assert not shown([path for path in domain if readers.search(path.read_text())])
