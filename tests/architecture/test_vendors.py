"""A vendor is known by its face only: nobody imports its folder or asks which vendor it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

from integrations.vendors import FACES
from tests.architecture.test_house import PRODUCT, ROOT, imported, modules

# The enumeration, the registry of faces, and the folders themselves.
KNOWING = ("campaigns/domain/values.py", "integrations/vendors.py")
FOLDERS = tuple(f"integrations/{vendor.value}/" for vendor in FACES)
# The simulators play the vendors, and the demonstration runs the simulators.
STAGE = ("integrations/simulators/", "project/demo/")


def others() -> Iterator[tuple[str, Path]]:
    """The modules that must not know a vendor."""
    for path in modules(*PRODUCT):
        name = str(path.relative_to(ROOT))
        if not name.startswith((*FOLDERS, *STAGE)) and name not in KNOWING:
            yield name, path


def test_no_module_outside_its_folder_imports_a_vendor() -> None:
    packages = tuple(folder.rstrip("/").replace("/", ".") for folder in FOLDERS)
    knowing = [
        name for name, path in others() if any(n.startswith(packages) for n in imported(path))
    ]
    assert not knowing


def names_a_vendor(node: ast.AST) -> bool:
    """Whether `Vendor.X`, or a vendor's name as text, stands in an expression."""
    spelled = {vendor.value for vendor in FACES}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            if inner.value.id == "Vendor":
                return True
        elif isinstance(inner, ast.Constant) and inner.value in spelled:
            return True
    return False


def branches(tree: ast.AST) -> Iterator[int]:
    """The lines where a comparison, a match or a dict names a vendor."""
    for node in ast.walk(tree):
        tested: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            tested = [node.left, *node.comparators]
        elif isinstance(node, ast.match_case):
            tested = [node.pattern]
        elif isinstance(node, ast.Dict):
            tested = [key for key in node.keys if key is not None]
        if any(names_a_vendor(one) for one in tested):
            yield node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno


def test_no_module_outside_its_folder_branches_on_a_vendor() -> None:
    found = [
        f"{name}:{line}"
        for name, path in others()
        for line in branches(ast.parse(path.read_text()))
    ]
    assert not found
