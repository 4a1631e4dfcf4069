"""The command line: `matcalc diff "max(0, w.x + b)" wrt w`.

No mathematics happens here: arguments become a call of a public function, and its result becomes text. The answer goes to
standard output. On a terminal it comes with a heading and the assumptions; otherwise it comes alone, and what was assumed
goes to standard error.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from matcalc.cli.arguments import COMMANDS, Request, nearest, read, shapes_given
from matcalc.cli.display import displayed, formatted, is_terminal, remark, summary, with_derivation, written
from matcalc.errors import LimitError, MatcalcError, NotSupportedError, UsageError
from matcalc.language.dialects import MATCALC

if TYPE_CHECKING:
    from argparse import Namespace

    from matcalc.derivative import Derivative
    from matcalc.explanation.explanation import Explanation

ANSWERED: Final = 0
NOT_VERIFIED: Final = 1
INTERNAL_ERROR: Final = 70
NOT_WRITTEN: Final = 74
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

OVERVIEW: Final = """\
usage: matcalc COMMAND EXPR wrt VARS [options]

Differentiates expressions of scalars, vectors and matrices, and answers in matrix notation.

commands:
{commands}

examples:
  matcalc diff "max(0, w.x + b)" wrt w
  matcalc diff "sum(w*x)" wrt w --format latex
  matcalc diff "||X w - y||^2" wrt w --verify
  matcalc diff "[3*x^2*y, 2*x + y^8]" wrt "[x, y]"
  matcalc hessian "logsumexp(x)" wrt x
  matcalc explain "max(0, w.x + b)" wrt w, b
  matcalc graph "sin(x + x^2)" wrt x -o graph.svg
  echo "x' A x wrt x where A: symmetric(n)" | matcalc diff -

`matcalc COMMAND --help` shows the options, `matcalc --version` the version.

exit status: 0 answered; 1 --verify found a difference;
2 the input is wrong or beyond a limit; 3 not supported
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with these arguments (by default those of the process) and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            status = _run(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except MatcalcError as error:
        return _report(error)
    except (RecursionError, MemoryError):
        return _report(LimitError("the input is nested too deeply, or too large, to be differentiated"))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _abandon_output()
        return BROKEN_PIPE
    except OSError as error:
        _abandon_output()
        return _report(MatcalcError(f"the answer cannot be written: {error.strerror or error}"), NOT_WRITTEN)
    except Exception as error:
        if os.environ.get("MATCALC_DEBUG"):
            raise
        name = type(error).__name__
        message = f"internal error: {name}: {error}" if str(error) else f"internal error: {name}"
        return _report(MatcalcError(message, help="please report it, with the command that led to it"), INTERNAL_ERROR)
    return status


def _run(arguments: list[str]) -> int:
    """Carry out one command and return the exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        width = max(map(len, COMMANDS))
        commands = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
        print(OVERVIEW.format(commands=commands), end="", file=sys.stdout if arguments else sys.stderr)
        return ANSWERED if arguments else UsageError.exit_status
    if arguments[0] == "--version":
        print(f"matcalc {_version()}")
        return ANSWERED
    if arguments[0] not in COMMANDS:
        advice = nearest(arguments[0], COMMANDS) or f"the commands are {', '.join(COMMANDS)}"
        raise UsageError(f"there is no command `{arguments[0][:40]}`", help=advice)
    request = read(arguments[0], arguments[1:])
    return _answer(request) if request else ANSWERED


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 (not needed for an answer)

    try:
        return version("matcalc")
    except PackageNotFoundError:
        return "(not installed)"


def _answer(request: Request) -> int:
    """Differentiate, print, and verify if that is asked for."""
    if request.command == "explain":
        return _explain(request)
    if request.command == "graph":
        return _draw(request)
    derivatives = _differentiate(request)
    if request.options.explain and any(derivative.order > 1 for derivative in derivatives.values()):
        raise NotSupportedError(
            "explaining a derivative of higher order", help="explain the first one, then that of the answer"
        )
    if request.options.explain and request.options.format not in (None, "text"):
        return _explain_after(request, derivatives)
    alone = request.options.format is not None or not is_terminal(sys.stdout)
    print(formatted(derivatives, request.options.format or "text") if alone else displayed(derivatives), flush=True)
    remarks = sys.stderr if alone else sys.stdout
    remark(summary(derivatives), remarks)
    for note in dict.fromkeys(note for derivative in derivatives.values() for note in derivative.notes):
        remark(f"note: {note}", remarks)
    if request.options.explain:
        print(f"\n{written(_derivation(request), 'text')}", flush=True)
    if not request.options.verify:
        return ANSWERED
    passed = True
    for name, derivative in derivatives.items():
        verification = derivative.verify(seed=request.options.seed)
        remark((f"{name}: " if len(derivatives) > 1 else "") + str(verification), remarks)
        passed = passed and verification.passed
    return ANSWERED if passed else NOT_VERIFIED


def _explain(request: Request) -> int:
    """Print a derivation."""
    print(written(_derivation(request), request.options.format or "text"), flush=True)
    return ANSWERED


def _draw(request: Request) -> int:
    """Print a dataflow graph, or write it to a file."""
    import matcalc  # noqa: PLC0415

    options = request.options
    keywords = _keywords(options)
    for name in ("unconstrained", "symmetric"):
        keywords.pop(name, None)
    picture = matcalc.picture(request.text, _wrt(request), **keywords)
    if options.output is None and options.format == "png":
        raise UsageError("a PNG file is not printed", help="write it with `-o graph.png`")
    if options.output is None:
        print(getattr(picture, options.format or "dot")().rstrip(), flush=True)
    elif options.format is not None:
        raise UsageError("the kind of file is told by its suffix", help="leave out --format")
    else:
        picture.save(options.output)
    return ANSWERED


def _wrt(request: Request) -> str | list[str]:
    return request.variables[0] if len(request.variables) == 1 else list(request.variables)


def _explain_after(request: Request, derivatives: Mapping[str, Derivative]) -> int:
    """Print answers, then their derivation, in a format for other programs."""
    derivation, format = _derivation(request), request.options.format
    if format == "json":
        print(with_derivation(derivatives, derivation), flush=True)
    else:
        print(f"{formatted(derivatives, 'latex')}\n\n{written(derivation, format)}", flush=True)
    return ANSWERED


def _derivation(request: Request) -> Explanation:
    """The derivation that is asked for."""
    import matcalc  # noqa: PLC0415

    options = request.options
    return matcalc.explain(
        request.text, _wrt(request), brief=options.brief, method=options.method or "steps", direction=options.direction or "",
        **_keywords(options),
    )


def _keywords(options: Namespace) -> dict[str, Any]:
    """The options of the derivative, as keywords of the public functions."""
    keywords: dict[str, Any] = {"where": options.where, "shapes": shapes_given(options.shape) or None}
    if options.unconstrained:
        keywords["unconstrained"] = True
    if options.symmetric is not None:
        keywords["symmetric"] = options.symmetric
    if options.dialect != MATCALC.name:
        keywords["dialect"] = options.dialect
    if options.layout is not None:
        keywords["layout"] = options.layout
    return keywords


def _differentiate(request: Request) -> Mapping[str, Derivative]:
    """Each variable with its derivative."""
    import matcalc  # noqa: PLC0415 (a wrong option or --help needs none of it)

    keywords = _keywords(request.options)
    if request.options.order is not None:
        keywords["order"] = request.options.order
    function = getattr(matcalc, request.command)
    result = function(request.text, _wrt(request), **keywords)
    if not isinstance(result, dict):  # one derivative, or all blocks of a Hessian
        return {", ".join(request.variables): result}
    return {name if isinstance(name, str) else " then ".join(name): derivative for name, derivative in result.items()}


def _report(error: MatcalcError, status: int | None = None) -> int:
    """Print an error on standard error; return the exit status."""
    text = f"error: {error}"
    if is_terminal(sys.stderr) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb":
        text = re.sub(r"^error:", "\033[1;31merror:\033[0m", text)
        text = re.sub(r"^( *)(\^+)$", "\\1\033[1;32m\\2\033[0m", text, flags=re.MULTILINE)
        text = re.sub(r"^help:", "\033[1mhelp:\033[0m", text, flags=re.MULTILINE)
    try:
        remark(text, sys.stderr)
    except OSError:
        _abandon_output()
    return error.exit_status if status is None else status


def _abandon_output() -> None:
    """Let what is still to be written go nowhere, so that the end of the process does not complain about it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
