"""The rooms of the house, in order: text flows one way, so a room imports only from rooms above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "matcalc"

ROOMS = (
    "errors", "limits", "language", "operations", "tensor", "calculus", "notation", "output", "homework", "verify",
    "problem", "explanation", "blocks", "derivative", "", "cli", "web",
)
"""Top to bottom. The empty name is `matcalc/__init__.py`, the public functions. `__main__` would stand with `cli`."""

READ_BY_ALL = ("operations",)
OPERATIONS_READ = ("matcalc.errors", "matcalc.limits", "matcalc.language.dimensions", "matcalc.tensor.nodes")


def imports(source: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and full name of each module of matcalc that `source` imports when it runs, wherever in the file."""
    typing_only = {
        statement
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for branch in node.body
        for statement in (ast.unparse(inner) for inner in ast.walk(branch) if isinstance(inner, (ast.Import, ast.ImportFrom)))
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and ast.unparse(node) not in typing_only:
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "matcalc")
        elif isinstance(node, ast.ImportFrom) and ast.unparse(node) not in typing_only:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            if module.split(".")[0] == "matcalc":
                yield from ((node.lineno, named(module, alias.name)) for alias in node.names)


def named(module: str, name: str) -> str:
    """The module that `from module import name` reads: the submodule of this name, if there is one."""
    folder = PACKAGE.joinpath(*module.split(".")[1:])
    is_module = (folder / f"{name}.py").exists() or (folder / name).is_dir()
    return f"{module}.{name}" if is_module or (module == "matcalc" and name in ROOMS) else module


def room(module: str) -> str:
    return "cli" if module == "matcalc.__main__" else [*module.split("."), ""][1]


def allowed(importer: str, imported: str) -> bool:
    """Whether module `importer` may import module `imported`."""
    here, there = room(importer), room(imported)
    if here == there or there in READ_BY_ALL:
        return True
    if here == "operations":
        return imported in OPERATIONS_READ
    return ROOMS.index(there) < ROOMS.index(here)


def test_every_file_is_in_a_room() -> None:
    entries = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert entries - {"__init__", "__main__"} <= set(ROOMS)


MODULES = sorted(path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_rooms_import_only_from_rooms_above(path: Path) -> None:
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    package = ".".join(path.parent.parts)
    source = (PACKAGE.parent / path).read_text(encoding="utf-8")
    wrong = [f"{path}:{line} imports {name}" for line, name in imports(source, package) if not allowed(module, name)]
    assert not wrong


@pytest.mark.parametrize(
    ("importer", "statement", "is_allowed"),
    [
        ("matcalc.tensor.nodes", "from matcalc.errors import MatcalcError", True),
        ("matcalc.tensor.lower", "from matcalc.language import tree", True),
        ("matcalc.tensor.lower", "from matcalc.calculus.chain import x", False),
        ("matcalc.tensor.lower", "def f():\n    import matcalc.calculus.chain", False),
        ("matcalc.tensor.lower", "from ..calculus import chain", False),
        ("matcalc.tensor.lower", "from . import nodes", True),
        ("matcalc.tensor.lower", "if TYPE_CHECKING:\n    from matcalc.calculus import chain", True),
        ("matcalc.tensor.lower", "if not TYPE_CHECKING:\n    from matcalc.calculus import chain", False),
        ("matcalc.tensor.lower", "import numpy, matcalc.output.text", False),
        ("matcalc.tensor.lower", "import matcalc", False),
        ("matcalc.errors", "from matcalc.limits import MAX_LENGTH", False),
        ("matcalc.errors", "from matcalc.operations.table import OPERATIONS", True),
        ("matcalc.operations.rows", "from matcalc.language.dimensions import Kind", True),
        ("matcalc.operations.rows", "from matcalc.tensor.nodes import Node", True),
        ("matcalc.operations.rows", "from matcalc.language.tree import Call", False),
        ("matcalc.operations.rows", "from matcalc.tensor import lower", False),
        ("matcalc.cli", "import matcalc", True),
        ("matcalc.cli", "from matcalc import web", False),
        ("matcalc.derivative", "from matcalc import diff", False),
    ],
)
def test_the_line_is_held(importer: str, statement: str, is_allowed: bool) -> None:
    found = list(imports(statement, importer.rpartition(".")[0]))
    assert all(allowed(importer, name) for _, name in found) is is_allowed
