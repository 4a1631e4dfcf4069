"""What is built and installed works by itself, outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEPENDENCIES = ("lark", "numpy", "sympy", "mpmath")


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that must succeed, in an environment that does not know the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment["PYTHONIOENCODING"] = "utf-8"
    result = subprocess.run(
        list(command), cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution. The wheel is built from the source distribution, not from here."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a new virtual environment that holds the wheel.

    Its dependencies are those of this environment, which come after its own packages: nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    (wheel,) = built.glob("*.whl")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel, cwd=folder)
    (packages,) = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).splitlines()
    import_paths = {str(Path(str(__import__(name).__file__)).parent.parent) for name in DEPENDENCIES}
    (Path(packages) / "dependencies.pth").write_text("\n".join(sorted(import_paths)), encoding="utf-8")
    return scripts


def test_wheel_holds_the_package_and_the_grammar(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {"matcalc/py.typed"}
    expected |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "matcalc").rglob("*.py")}
    expected |= {f"matcalc/grammar/{path.name}" for path in (ROOT / "grammar").glob("*.lark")}
    assert any(name.endswith(".lark") for name in expected)
    assert expected <= names
    strangers = {name for name in names if not name.startswith(("matcalc/", "matcalc-"))}
    assert not strangers


def test_source_distribution_holds_what_the_tests_need(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    files_of_each = {"pyproject.toml", "README.md", ".ci/run", "tests/test_wheel.py", "docs/language.md", "matcalc/__main__.py"}
    assert files_of_each <= names
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "grammar").glob("*.lark")} <= names
    assert not {name for name in names if "__pycache__" in name or name.startswith(".git/")}


def test_installed_command_answers(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "matcalc", "diff", "sum(w*x)", "wrt", "w", cwd=tmp_path) == "xᵀ\n"
    assert run(installed / "matcalc", "--version", cwd=tmp_path) == "matcalc 0.1.0\n"


def test_installed_package_answers(installed: Path, tmp_path: Path) -> None:
    program = "import matcalc as mc; print(mc.__file__); d = mc.diff('sum(w*x)', wrt='w'); print(d); print(d.expr)"
    origin, text, expression = run(installed / "python", "-c", program, cwd=tmp_path).splitlines()
    assert Path(origin).is_relative_to(installed.parent)
    assert (text, expression) == ("xᵀ", "x.T")
