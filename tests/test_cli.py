"""The command line: what arguments mean, what goes where, and that nothing ends in a traceback."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import matcalc
from matcalc import cli
from matcalc.cli import display
from matcalc.cli.arguments import COMMANDS, FORMATS
from matcalc.errors import ShapeError, Span
from matcalc.language.dimensions import Dim, dim
from matcalc.limits import MAX_LENGTH
from matcalc.verify import Verification

ROOT = Path(__file__).resolve().parent.parent
CASES = "⎧ 0ᵀ   if w·x + b ≤ 0\n⎩ xᵀ   if w·x + b > 0"


@dataclass
class Answer:
    """Stands in for a Derivative, so that these tests are about the command line alone."""

    text: str = CASES
    wrt: str = "w"
    shape: tuple[Dim, ...] = (dim(1), dim("n"))
    layout: str = "numerator"
    assumptions: tuple[str, ...] = ("w, x ∈ ℝⁿ", "b ∈ ℝ")
    notes: tuple[str, ...] = ()
    expr: str = "x.T"
    verification: Verification = field(default=Verification(2e-9, 6, ({"n": 3}, {"n": 5}), True))
    seeds: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return self.text

    def heading(self) -> str:
        return f"∂/∂{self.wrt} max(0, w·x + b)"

    def latex(self) -> str:
        return r"\mathbf{x}^\top"

    def to_dict(self) -> dict[str, object]:
        return {"text": self.text, "wrt": self.wrt}

    def verify(self, seed: int = 0) -> Verification:
        self.seeds.append(seed)
        return self.verification


class Call(NamedTuple):
    function: str
    text: str
    wrt: str | list[str]
    keywords: dict[str, Any]


class Calculus:
    """Stands in for the public functions: keeps each call, gives the answers it was told to give."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, Answer] = {}
        self.error: BaseException | None = None

    def function(self, name: str) -> Callable[..., object]:
        def call(text: str, wrt: str | list[str], **keywords: Any) -> object:
            self.calls.append(Call(name, text, wrt, keywords))
            if self.error is not None:
                raise self.error
            names = [wrt] if isinstance(wrt, str) else wrt
            answers = {name: self.answers.get(name, Answer(wrt=name)) for name in names}
            return answers[wrt] if isinstance(wrt, str) else answers

        return call


@pytest.fixture
def calculus(monkeypatch: pytest.MonkeyPatch) -> Calculus:
    stub = Calculus()
    for name in COMMANDS:
        monkeypatch.setattr(matcalc, name, stub.function(name), raising=False)
    return stub


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "is_terminal", lambda stream: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def run(*arguments: str, env: Mapping[str, str] | None = None, **keywords: Any) -> subprocess.CompletedProcess[bytes]:
    """A process of its own: for what depends on the streams and on what is imported."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **(env or {})}
    keywords = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **keywords}
    command = [sys.executable, "-m", "matcalc", *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, env=environment, timeout=60, check=False, **keywords)


# ------------------------------------------------------------------------------------------------------------ arguments


@pytest.mark.parametrize(
    ("arguments", "text", "wrt"),
    [
        (["max(0, w.x + b)", "wrt", "w"], "max(0, w.x + b)", "w"),
        (["sum(w*x) wrt w"], "sum(w*x)", "w"),
        (["w.x", "+", "b", "wrt", "w"], "w.x + b", "w"),
        (["sum(w*x)", "wrt", "w,", "b"], "sum(w*x)", ["w", "b"]),
        (["sum(w*x)", "wrt", "w", ",b"], "sum(w*x)", ["w", "b"]),
        (["sum(w*x)", "wrt", "w", "b"], "sum(w*x)", ["w", "b"]),
        (["sum(w*x)", "wrt", "w,b"], "sum(w*x)", ["w", "b"]),
        (["[x*y, y]", "wrt", "[x, y]"], "[x*y, y]", "[x, y]"),
        (["[x*y, y]", "wrt", "[x,", "y],", "[w; b]"], "[x*y, y]", ["[x, y]", "[w; b]"]),
        (["x.y", "wrt", "x", "then", "y"], "x.y", "x then y"),
        (["x.y", "wrt", "x then y, x", "then", "x", "y"], "x.y", ["x then y", "x then x", "y"]),
        (["x.y", "wrt", "x", "then"], "x.y", "x then"),
        (["-x^2", "wrt", "x"], "-x^2", "x"),
        (["-x", "wrt", "x"], "-x", "x"),
        (["--x + y", "wrt", "x"], "--x + y", "x"),
        (["--", "--x", "wrt", "x"], "--x", "x"),
        (["-2 x'A x wrt x"], "-2 x'A x", "x"),
        (["x.z wrt x where z: vector(3)"], "x.z where z: vector(3)", "x"),
        (["x.z where z: vector(3) wrt x"], "x.z where z: vector(3)", "x"),
        (["x.z", "wrt", "x", "where", "z: vector(3)"], "x.z where z: vector(3)", "x"),
        (["f(wrt_1) + wrtx", "wrt", "x"], "f(wrt_1) + wrtx", "x"),
        (["where(x > 0, x, 0)", "wrt", "x"], "where(x > 0, x, 0)", "x"),
        (["z = w.x\nz^2", "wrt", "w"], "z = w.x\nz^2", "w"),
    ],
)
def test_expression_and_variables(calculus: Calculus, arguments: list[str], text: str, wrt: str | list[str]) -> None:
    assert cli.main(["diff", *arguments]) == 0
    assert calculus.calls == [Call("diff", text, wrt, {"where": None, "shapes": None})]


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("explain", "graph")])
def test_each_command_calls_the_function_of_its_name(calculus: Calculus, command: str) -> None:
    assert cli.main([command, "x.x", "wrt", "x", "--where", "x: vector(3)"]) == 0
    assert calculus.calls == [Call(command, "x.x", "x", {"where": "x: vector(3)", "shapes": None})]


@pytest.mark.parametrize("position", range(4))
def test_options_may_stand_anywhere(calculus: Calculus, position: int) -> None:
    operands = ["-x.z", "wrt", "x"]
    options = ["--order", "2", "--layout=gradient", "--shape", "x=vector(n)", "--shape", "f: R^n -> R", "--where=-"]
    assert cli.main(["diff", *operands[:position], *options, *operands[position:]]) == 0
    shapes = {"x": "vector(n)", "f": "R^n -> R"}
    assert calculus.calls[0] == Call("diff", "-x.z", "x", {"where": "-", "shapes": shapes, "order": 2, "layout": "gradient"})


NO_EXPRESSION = 'error: there is no expression to differentiate\nhelp: for example matcalc diff "sum(w*x)" wrt w\n'

WRONG: Sequence[tuple[list[str], int, str]] = [
    (["dif", "x", "wrt", "x"], 2, "error: there is no command `dif`\nhelp: did you mean `diff`?\n"),
    (["x^2", "wrt", "x"], 2, f"error: there is no command `x^2`\nhelp: the commands are {', '.join(COMMANDS)}\n"),
    (["diff"], 2, NO_EXPRESSION),
    (["diff", "wrt", "x"], 2, NO_EXPRESSION),
    (
        ["gradient", "x^2"], 2,
        "error: there is no variable to differentiate by\n"
        'help: name it after `wrt`, for example matcalc gradient "sum(w*x)" wrt w\n',
    ),
    (["diff", "x wrt"], 2, 'error: after `wrt` there is no variable\nhelp: for example matcalc diff "sum(w*x)" wrt w\n'),
    (
        ["diff", "x wrt x", "wrt", "x"], 2,
        'error: `wrt` stands there more than once\nhelp: write it once, for example matcalc diff "sum(w*x)" wrt w\n',
    ),
    (["diff", "x wrt x", "--fromat", "text"], 2, "error: there is no option `--fromat`\nhelp: did you mean `--format`?\n"),
    (
        ["diff", "--x", "wrt", "x"], 2,
        "error: there is no option `--x`\nhelp: an expression that begins with `--` goes after a lone `--`\n",
    ),
    (
        ["diff", "x", "wrt", "x", "--where"], 2,
        "error: `--where` needs a value\nhelp: `matcalc diff --help` shows the options\n",
    ),
    (
        ["hessian", "x.x", "wrt", "x", "--order", "2"], 2,
        "error: `hessian` has no option `--order`\nhelp: `matcalc diff` has it\n",
    ),
    (
        ["diff", "x", "wrt", "x", "--shape", "x"], 2,
        'error: `--shape x` names no shape\nhelp: write --shape "x=vector(n)"\n',
    ),
    (
        ["diff", "x", "wrt", "x", "--shape", "x=scalar", "--shape", "x=vector(n)"], 2,
        "error: --shape gives `x` two shapes, scalar and vector(n)\nhelp: leave one of them out\n",
    ),
    (
        ["diff", "x", "wrt", "x", "--format", "torch"], 3,
        "error: not supported: --format torch is planned\nhelp: the formats so far are text, latex, sympy, json\n",
    ),
    (
        ["diff", "x", "wrt", "x", "--dialect", "latex"], 3,
        "error: not supported: the dialect `latex` is planned\nhelp: the dialects are matcalc, matlab, matrixcalculus\n",
    ),
    (
        ["diff", "x", "wrt", "x", "--dialect=tex"], 2,
        "error: there is no dialect `tex`\nhelp: the dialects are matcalc, matlab, matrixcalculus\n",
    ),
]


@pytest.mark.parametrize(("arguments", "status", "message"), WRONG)
def test_wrong_arguments(
    calculus: Calculus, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, message: str
) -> None:
    assert cli.main(arguments) == status
    assert capsys.readouterr() == ("", message)
    assert not calculus.calls


@pytest.mark.parametrize(
    "option",
    ["--format=svg", "--order=4", "--order=x", "--seed=-1", "--seed=1e3", "--layout=rows", "--verify=1"],
)
def test_wrong_values(calculus: Calculus, capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert cli.main(["diff", "x", "wrt", "x", option]) == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith("error: ")
    assert option.partition("=")[0] in error
    assert not calculus.calls


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    overview = capsys.readouterr().out
    assert all(f"  {command} " in overview for command in COMMANDS)
    assert cli.main([]) == 2
    assert capsys.readouterr() == ("", overview)
    assert cli.main(["hessian", "--help"]) == 0
    details = capsys.readouterr().out
    assert details.startswith("usage: matcalc hessian EXPR wrt VARS [options]\n")
    assert max(map(len, details.splitlines())) <= 80


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("matcalc ")


# --------------------------------------------------------------------------------------------------- files and standard input


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))


@pytest.mark.parametrize("arguments", [["-", "wrt", "w"], ["--file", "-", "wrt", "w"], ["wrt", "w", "--file=-"]])
def test_standard_input(calculus: Calculus, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    feed(monkeypatch, "σ(w·x)\n".encode())
    assert cli.main(["diff", *arguments]) == 0
    assert calculus.calls[0][1:3] == ("σ(w·x)", "w")


def test_file_with_the_variable_in_it(calculus: Calculus, tmp_path: Path) -> None:
    file = tmp_path / "cost.txt"
    file.write_bytes(b"\xef\xbb\xbf" + "a = σ(w·x);\na^2\nwrt w, b\nwhere b: scalar\n".encode())
    assert cli.main(["diff", "--file", str(file)]) == 0
    assert calculus.calls[0][1:3] == ("a = σ(w·x);\na^2 where b: scalar", ["w", "b"])


def test_input_that_is_not_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    feed(monkeypatch, b"x + \xff wrt x")
    assert cli.main(["diff", "-"]) == 2
    message = "error: the input is not text in UTF-8: byte 5 is 0xff\nhelp: save or convert it as UTF-8\n"
    assert capsys.readouterr() == ("", message)


def test_input_without_end(calculus: Calculus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    feed(monkeypatch, b"x" * (4 * MAX_LENGTH + 2))
    assert cli.main(["diff", "-"]) == 2
    assert capsys.readouterr().err == f"error: the text is longer than {MAX_LENGTH:,} characters\n"
    assert not calculus.calls


def test_no_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.main(["diff", "-", "wrt", "x"]) == 2
    assert capsys.readouterr().err == "error: there is no standard input to read from\n"
    assert cli.main(["diff", "--file", str(tmp_path / "absent"), "wrt", "x"]) == 2
    assert "No such file" in capsys.readouterr().err
    assert cli.main(["diff", "--file", str(tmp_path), "wrt", "x"]) == 2
    assert cli.main(["diff", "--file", "a\0b", "wrt", "x"]) == 2
    assert cli.main(["diff", "x", "--file", "f", "wrt", "x"]) == 2
    assert "given twice" in capsys.readouterr().err


# --------------------------------------------------------------------------------------------------------------------- output


def test_terminal(calculus: Calculus, terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", "max(0, w.x + b)", "wrt", "w"]) == 0
    assert capsys.readouterr() == (
        "∂/∂w max(0, w·x + b)  =  ⎧ 0ᵀ   if w·x + b ≤ 0\n"
        "                         ⎩ xᵀ   if w·x + b > 0\n"
        "1×n, numerator layout · assuming w, x ∈ ℝⁿ, b ∈ ℝ\n",
        "",
    )


def test_narrow_terminal(
    calculus: Calculus, terminal: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "_terminal_columns", lambda: 45)
    cli.main(["diff", "max(0, w.x + b)", "wrt", "w"])
    assert capsys.readouterr().out.splitlines()[:3] == [
        "∂/∂w max(0, w·x + b)  =", "    ⎧ 0ᵀ   if w·x + b ≤ 0", "    ⎩ xᵀ   if w·x + b > 0",
    ]


def test_terminal_with_several_variables(calculus: Calculus, terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    calculus.answers["b"] = Answer("1", wrt="b", shape=(), notes=("not differentiable at 0",))
    cli.main(["diff", "max(0, w.x + b)", "wrt", "w,", "b", "--verify"])
    assert capsys.readouterr().out.splitlines()[2:] == [
        "∂/∂b max(0, w·x + b)  =  1",
        "w: 1×n, b: scalar, numerator layout · assuming w, x ∈ ℝⁿ, b ∈ ℝ",
        "note: not differentiable at 0",
        "w: verified at 6 points, sizes n = 3, 5; largest error 2e-9",
        "b: verified at 6 points, sizes n = 3, 5; largest error 2e-9",
    ]


@pytest.mark.parametrize(
    ("format", "output"),
    [
        (None, CASES + "\n"), ("text", CASES + "\n"), ("latex", "\\mathbf{x}^\\top\n"), ("sympy", "x.T\n"),
        ("json", json.dumps({"text": CASES, "wrt": "w"}, indent=2, ensure_ascii=False) + "\n"),
    ],
)
@pytest.mark.parametrize("on_terminal", [False, True])
def test_the_answer_alone(
    calculus: Calculus, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest, format: str | None, output: str,
    on_terminal: bool,
) -> None:
    if on_terminal:
        if format is None:
            return
        request.getfixturevalue("terminal")
    assert cli.main(["diff", "x", "wrt", "w", *([f"--format={format}"] if format else [])]) == 0
    assert capsys.readouterr() == (output, "1×n, numerator layout · assuming w, x ∈ ℝⁿ, b ∈ ℝ\n")


def test_several_answers(calculus: Calculus, capsys: pytest.CaptureFixture[str]) -> None:
    calculus.answers["b"] = Answer("1", wrt="b", shape=(dim("k"),))
    cli.main(["diff", "x", "wrt", "w", "b"])
    output, error = capsys.readouterr()
    assert output == "w: ⎧ 0ᵀ   if w·x + b ≤ 0\n   ⎩ xᵀ   if w·x + b > 0\nb: 1\n"
    assert error.startswith("w: 1×n, b: vector(k), numerator layout")
    cli.main(["diff", "x", "wrt", "w", "b", "--format", "json"])
    assert list(json.loads(capsys.readouterr().out)) == ["w", "b"]


def test_shape_of_a_sum(calculus: Calculus, capsys: pytest.CaptureFixture[str]) -> None:
    calculus.answers["w"] = Answer(shape=(dim("m"), dim("n") + dim(1)), layout="gradient", assumptions=())
    cli.main(["diff", "x", "wrt", "w"])
    assert capsys.readouterr().err == "m×(n + 1), gradient layout\n"


def test_verify(calculus: Calculus, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", "x", "wrt", "w", "--verify", "--seed", "7"]) == 0
    verdict = "verified at 6 points, sizes n = 3, 5; largest error 2e-9"
    assert capsys.readouterr().err.splitlines()[1:] == [verdict]
    wrong = calculus.answers["w"] = Answer(verification=Verification(max_error=0.5, points=2, sizes=(), passed=False))
    assert cli.main(["diff", "x", "wrt", "b", "w", "--verify", "--seed", "7"]) == 1
    output, error = capsys.readouterr()
    assert output.startswith("b: ⎧")
    assert error.splitlines()[-1] == "w: NOT verified at 2 points; largest error 5e-1"
    assert wrong.seeds == [7]


# --------------------------------------------------------------------------------------------------------------------- errors


def shape_error() -> ShapeError:
    return ShapeError("`A * x` is no product", Span("A * x + b", 2, 3), help="write `A @ x`")


def test_errors_point(calculus: Calculus, capsys: pytest.CaptureFixture[str]) -> None:
    calculus.error = shape_error()
    assert cli.main(["diff", "A * x + b", "wrt", "x"]) == 2
    assert capsys.readouterr() == ("", "error: `A * x` is no product\n  A * x + b\n    ^\nhelp: write `A @ x`\n")


@pytest.mark.parametrize(("variable", "coloured"), [(None, True), ("NO_COLOR", False)])
def test_colour(
    calculus: Calculus, terminal: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    variable: str | None, coloured: bool,
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    calculus.error = shape_error()
    cli.main(["diff", "A * x + b", "wrt", "x"])
    assert ("\033[" in capsys.readouterr().err) is coloured


def test_no_control_characters_from_the_input(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["\033[31mdiff", "x"])
    cli.main(["diff", "x", "wrt", "x", "--format=\033[31m"])
    assert "\033" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (RecursionError(), 2, "error: the input is nested too deeply, or too large, to be differentiated\n"),
        (MemoryError(), 2, "error: the input is nested too deeply, or too large, to be differentiated\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ZeroDivisionError("by\nzero"), 70,
            "error: internal error: ZeroDivisionError: by\N{REPLACEMENT CHARACTER}zero\n"
            "help: please report it, with the command that led to it\n",
        ),
        (
            AssertionError(), 70,
            "error: internal error: AssertionError\nhelp: please report it, with the command that led to it\n",
        ),
    ],
)
def test_exceptions_end_quietly(
    calculus: Calculus, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int,
    message: str,
) -> None:
    monkeypatch.delenv("MATCALC_DEBUG", raising=False)
    calculus.error = error
    assert cli.main(["diff", "x", "wrt", "x"]) == status
    assert capsys.readouterr() == ("", message)


def test_debugging_shows_the_exception(calculus: Calculus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCALC_DEBUG", "1")
    calculus.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        cli.main(["diff", "x", "wrt", "x"])


def test_closed_output(calculus: Calculus, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["diff", "x", "wrt", "x"]) == 0
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["diff", "x"]) == 2


# ------------------------------------------------------------------------------------------------------ processes of their own


def test_broken_pipe() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = run("--help", stdout=writer)
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_full_disk() -> None:
    with open("/dev/full", "wb") as full:
        result = run("--help", stdout=full)
    assert result.returncode == 74
    assert result.stderr == b"error: the answer cannot be written: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_a_real_terminal() -> None:
    import pty

    reader, writer = pty.openpty()
    try:
        result = run("diff", "sum(w*x)", "wrt", "w", stdout=writer)
        assert (result.returncode, result.stderr) == (0, b"")  # reading waits for ever if nothing was written
        shown = os.read(reader, 10_000).decode().replace("\r\n", "\n")
    finally:
        os.close(reader)
        os.close(writer)
    assert shown.startswith("∂/∂w ")
    assert shown.endswith("  =  xᵀ\n1×n, numerator layout · assuming w, x ∈ ℝⁿ\n")


def test_output_that_cannot_show_unicode() -> None:
    result = run("diff", "sum(w*x)", "wrt", "w", env={"PYTHONIOENCODING": "ascii"})
    assert (result.returncode, result.stdout) == (0, b"x\\u1d40\n")
    assert b"Traceback" not in result.stderr


def test_arguments_that_are_not_text() -> None:
    result = run("diff", os.fsdecode(b"x + \xff"), "wrt", "x")
    assert result.returncode == 2
    assert result.stderr.startswith(b"error: ")
    assert b"Traceback" not in result.stderr


def test_a_plain_answer_imports_neither_sympy_nor_numpy() -> None:
    program = (
        "import sys; from matcalc.cli import main; status = main(['diff', 'sum(w*x)', 'wrt', 'w']);"
        "print(status, sorted({'sympy', 'numpy'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=environment, timeout=60, check=True, encoding="utf-8"
    ).stdout
    assert output == "xᵀ\n0 []\n"


# ------------------------------------------------------------------------------------------------------ the whole way through


def examples(page: str) -> Iterator[tuple[str, str]]:
    """Each `$ matcalc …` of a page with the output shown below it; empty if none is shown."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("    $ matcalc "):
            below = list(takewhile(lambda line: not line or line.startswith("    "), lines[number + 1 :]))
            shown = takewhile(lambda line: not line.startswith("    $ "), below)
            yield line.removeprefix("    $ matcalc "), "\n".join(line[4:] for line in shown).rstrip("\n")


PAGES = [
    (command, shown) for page in ("README.md", "docs/language.md", "docs/explain.md") for command, shown in examples(page)
]


def test_pages_have_examples() -> None:
    assert len([shown for _, shown in PAGES if shown]) > 15


@pytest.mark.parametrize(("command", "shown"), PAGES, ids=[command for command, _ in PAGES])
def test_what_the_pages_show(
    terminal: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str,
    shown: str,
) -> None:
    (tmp_path / "cost.txt").write_text("r = X w + b - y\nsum(r^2)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(display, "_terminal_columns", lambda: 120)
    status = cli.main(shlex.split(command))
    output, error = capsys.readouterr()
    if shown.startswith("error: "):
        assert status in (2, 3)
        assert error.rstrip("\n") == shown
    else:
        assert status == 0
        assert output.rstrip("\n") == shown or not shown


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_verifies(capsys: pytest.CaptureFixture[str], format: str) -> None:
    assert cli.main(["diff", "||X w - y||^2", "wrt", "w, y", "--format", format, "--verify", "--seed", "3"]) == 0
    output, error = capsys.readouterr()
    assert output.strip()
    assert error.count(": verified at ") == 2
    assert "NOT" not in error
