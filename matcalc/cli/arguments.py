"""From the arguments of a run to what they ask for."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from matcalc.errors import LimitError, NotSupportedError, UsageError
from matcalc.language.dialects import MATCALC, dialect_named
from matcalc.language.dialects import NAMES as DIALECTS
from matcalc.language.dialects import PLANNED as PLANNED_DIALECTS
from matcalc.limits import MAX_LENGTH, MAX_ORDER

COMMANDS: Final = {
    "diff": "the derivative, in numerator layout unless --layout says otherwise",
    "gradient": "the derivative of a scalar, in the shape of the variable",
    "jacobian": "the derivative of a vector, output × input",
    "hessian": "the second derivative of a scalar: n×n, by several variables in blocks",
    "explain": "the derivation, step by step; by several variables one that shares the work",
    "graph": "the dataflow graph, as DOT, Mermaid, SVG or PNG",
}

FORMATS: Final = ("text", "latex", "sympy", "json")
PICTURE_FORMATS: Final = ("dot", "mermaid", "svg", "png")
DERIVATION_FORMATS: Final = ("text", "latex", "markdown", "json")
METHODS: Final = ("steps", "differential")
DIRECTIONS: Final = ("forward", "reverse", "both")
PLANNED_FORMATS: Final = ("numpy", "jax", "torch", "mathml")

DETAILS: Final = """\
EXPR is an expression of the input language, for example "max(0, w.x + b)";
`-` reads standard input. It may begin with a minus. The words `wrt VARS` may be
arguments of their own or part of EXPR: "sum(w*x) wrt w where w: vector(3)".
VARS is one name, several (`w, b` or `w b`: one derivative for each, and with
--order 2 one for each pair), several in turn (`x then y`), a part ("x[2]",
"X[1, :]"), or a stacked vector in brackets ("[x, y]": one Jacobian).

On a terminal the answer has a heading, and a line below it tells its shape and
what was assumed. If standard output is no terminal, or --format is given, it
holds the answer only, and that line goes to standard error. With several
variables each answer begins with its variable, `w: …`, on a line of its own;
json is then one object with a member for each variable.

exit status: 0 answered; 1 --verify found a difference;
2 the input is wrong or beyond a limit; 3 not supported
"""

INPUT: Final = DETAILS.partition("\n\n")[0]

EXPLAINING: Final = f"""\
{INPUT}

The derivation follows Parr & Howard's four steps: introduce intermediate
variables, differentiate each by its own operands, combine by the chain rule that
fits, substitute back and simplify. --method differential gives that of Magnus &
Neudecker instead: df = tr(G dX), so the derivative by X is G.

  matcalc explain "max(0, w.x + b)" wrt w, b
  matcalc explain "tr(A X B)" wrt X --method differential
  matcalc explain "sin(x + x^2)" wrt x --direction both

exit status: 0 answered; 2 the input is wrong or beyond a limit; 3 not supported
"""

DRAWING: Final = f"""\
{INPUT}

Without --output the graph is printed, as DOT or in another --format. With it, the
suffix of the file says what it is: .svg, .png, .dot, .gv, .mmd or .mermaid. SVG and
PNG need: pip install "matcalc[picture]".

  matcalc graph "sin(x + x^2)" wrt x -o graph.svg
  matcalc graph "x' A x" wrt x --format mermaid

exit status: 0 answered; 2 the input is wrong or beyond a limit; 3 not supported
"""

EPILOGUES: Final = {"explain": EXPLAINING, "graph": DRAWING}
ABSENT: Final[Mapping[str, frozenset[str]]] = {
    "explain": frozenset(("--order", "--verify", "--seed", "--explain", "--output")),
    "graph": frozenset(
        ("--order", "--layout", "--symmetric", "--unconstrained", "--verify", "--seed", "--explain", "--brief", "--method",
         "--direction")
    ),
}  # fmt: skip
"""Options that a command does not have; all others have no --output."""


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` where the usual one would print and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, help=f"`{self.prog} --help` shows the options")


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise argparse.ArgumentTypeError("a seed is a number of at most 19 digits, not negative")
    return int(text)


_OPTIONS: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("--format", {
        "metavar": "FORMAT", "choices": tuple(dict.fromkeys(FORMATS + DERIVATION_FORMATS + PICTURE_FORMATS + PLANNED_FORMATS)),
        "help": f"{', '.join(FORMATS)}; of a derivation {', '.join(DERIVATION_FORMATS)}; "
        f"of a graph {', '.join(PICTURE_FORMATS)}; planned: {', '.join(PLANNED_FORMATS)}",
    }),
    ("--output", {"metavar": "FILE", "help": "write a graph to a file: .svg, .png, .dot or .mmd (also -o FILE)"}),
    ("--explain", {"action": "store_true", "help": "show the derivation after the answer (only with diff)"}),
    ("--brief", {"action": "store_true", "help": "of a derivation only the lines that carry an idea"}),
    ("--direction", {
        "metavar": "DIRECTION", "choices": DIRECTIONS,
        "help": f"show the order in which partial derivatives are found and multiplied: {', '.join(DIRECTIONS)}",
    }),
    ("--method", {
        "metavar": "METHOD", "choices": METHODS,
        "help": f"how it is derived: {', '.join(METHODS)} (the default is {METHODS[0]})",
    }),
    ("--order", {
        "type": int, "choices": range(1, MAX_ORDER + 1), "metavar": "N",
        "help": "order of the derivative; 2 is the Hessian, by several variables in blocks (only with diff)",
    }),
    ("--layout", {
        "metavar": "LAYOUT", "choices": ("numerator", "denominator", "gradient"),
        "help": "numerator (the default), denominator or gradient (only with diff)",
    }),
    ("--where", {"metavar": "TEXT", "help": "declarations, for example \"w, x: vector(n), A: symmetric(n)\""}),
    ("--shape", {
        "metavar": "NAME=SHAPE", "action": "append", "default": [],
        "help": "one declaration, for example \"x=vector(n)\"; may be repeated",
    }),
    ("--file", {"metavar": "FILE", "help": "read EXPR from a file in UTF-8 (`-` is standard input)"}),
    ("--symmetric", {
        "metavar": "KIND", "choices": ("space", "independent", "unconstrained"),
        "help": "the derivative by a matrix declared symmetric: space (the default), on the space of such matrices; "
        "independent, by the entries on and above the diagonal, each moving its mirror image; unconstrained, by all entries",
    }),
    ("--unconstrained", {"action": "store_true", "help": "the same as --symmetric unconstrained"}),
    ("--verify", {
        "action": "store_true",
        "help": "compare the answer with numerical derivatives of EXPR at random points and sizes",
    }),
    ("--seed", {"metavar": "N", "type": _seed, "default": 0, "help": "seed of the random points (default 0)"}),
    ("--dialect", {
        "metavar": "DIALECT", "default": MATCALC.name,
        "help": f"how EXPR is written: {', '.join(DIALECTS)} (planned: {', '.join(PLANNED_DIALECTS)})",
    }),
)
_VALUED: Final = frozenset(name for name, keywords in _OPTIONS if keywords.get("action") != "store_true")
_FLAGS: Final = frozenset({"-h", "--help"} | {name for name, _ in _OPTIONS} - _VALUED)
_WRT: Final = re.compile(r"(?<!\w)wrt(?!\w)")
_WHERE: Final = re.compile(r"(?<!\w)where(?![\w(])")


class Request(NamedTuple):
    """What the arguments of one run ask for."""

    command: str
    text: str
    variables: tuple[str, ...]
    options: argparse.Namespace


def read(command: str, arguments: list[str]) -> Request | None:
    """What `arguments` ask for; None if that was help, which is printed."""
    given, operands = _divide(command, arguments)
    parser = _Parser(
        prog=f"matcalc {command}", usage=f"matcalc {command} EXPR wrt VARS [options]", allow_abbrev=False,
        description=f"{COMMANDS[command][0].upper()}{COMMANDS[command][1:]}.", epilog=EPILOGUES.get(command, DETAILS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    absent = ABSENT.get(command, frozenset(("--output",)))
    for name, keywords in _OPTIONS:
        said = argparse.SUPPRESS if name in absent else _help(command, name, keywords["help"])
        parser.add_argument(name, **(dict(keywords) | {"help": said}))
    if "--help" in given or "-h" in given:
        parser.print_help()
        return None
    options = parser.parse_args(given)
    if options.format in PLANNED_FORMATS:
        raise NotSupportedError(f"--format {options.format} is planned", help=f"the formats so far are {', '.join(FORMATS)}")
    dialect_named(options.dialect)
    _check_options(command, options)
    text, variables = _divide_at_wrt(_texts(operands, options.file), command)
    return Request(command, text, variables, options)


def _help(command: str, name: str, words: str) -> str:
    """What an option does, for one command."""
    formats = {"explain": DERIVATION_FORMATS, "graph": PICTURE_FORMATS}.get(command)
    if name == "--format" and formats is not None:
        return ", ".join(formats) + (" (only with --output)" if command == "graph" else "")
    return words.replace(" (only with diff)", "") if command in ("diff", *EPILOGUES) else words


def _check_options(command: str, options: argparse.Namespace) -> None:
    """Refuse options that the command does not have."""
    explaining = command == "explain" or options.explain
    for name in ("order", "layout", "explain"):
        if getattr(options, name) and command != "diff" and (command, name) != ("explain", "layout"):
            raise UsageError(f"`{command}` has no option `--{name}`", help="`matcalc diff` has it")
    for name in ("brief", "method", "direction"):
        if getattr(options, name) and not explaining:
            raise UsageError(
                f"`--{name}` belongs to a derivation",
                help="use it with `matcalc explain`" + ("" if command == "graph" else ", or add --explain"),
            )
    if options.output is not None and command != "graph":
        raise UsageError(f"`{command}` has no option `--output`", help="`matcalc graph` has it")
    what = "an answer"
    formats: Sequence[str] = FORMATS
    if explaining:
        what, formats = "a derivation", DERIVATION_FORMATS
    elif command == "graph":
        what, formats = "a graph", PICTURE_FORMATS
    if options.format is not None and options.format not in formats:
        raise UsageError(f"`--format {options.format}` is no format of {what}", help=f"there are {', '.join(formats)}")
    if command in ("explain", "graph") and options.verify:
        raise UsageError(f"`{command}` has no option `--verify`", help="`matcalc diff` has it")


def _divide(command: str, arguments: list[str]) -> tuple[list[str], list[str]]:
    """The options and the operands of `arguments`, each in order.

    Only a known option is one: `-x^2` is an expression. After `--` everything is an operand.
    """
    given: list[str] = []
    operands: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name = argument.partition("=")[0]
        if argument == "--":
            operands += rest
        elif argument in _FLAGS or (name in _VALUED and name != argument):
            given.append(argument)
        elif argument in _VALUED or argument == "-o":
            argument = "--output" if argument == "-o" else argument
            value = next(rest, None)
            if value is None:
                raise UsageError(f"`{argument}` needs a value", help=f"`matcalc {command} --help` shows the options")
            given.append(f"{argument}={value}")
        elif re.fullmatch(r"--[a-z][a-z-]*", name):
            advice = "an expression that begins with `--` goes after a lone `--`"
            raise UsageError(f"there is no option `{name}`", help=nearest(name, sorted(_VALUED | _FLAGS)) or advice)
        else:
            operands.append(argument)
    return given, operands


def _texts(operands: list[str], file: str | None) -> list[str]:
    """The operands with `-` or the file's text in place."""
    if file is not None:
        if operands and operands[0] != "wrt":
            raise UsageError("the expression is given twice, as an argument and with --file", help="leave one of them out")
        return [_text_of(file), *operands]
    if operands and operands[0] == "-":
        return [_text_of("-"), *operands[1:]]
    return operands


def _text_of(file: str) -> str:
    """The text of a file, or of standard input for `-`."""
    limit = 4 * MAX_LENGTH
    if file == "-" and sys.stdin is None:
        raise UsageError("there is no standard input to read from")
    try:
        if file == "-":
            if sys.stdin.isatty() and sys.stderr is not None:
                print("type the expression, then end the input (Ctrl-D)", file=sys.stderr)
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with open(file, "rb") as stream:
                data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"cannot read {'standard input' if file == '-' else f'`{file}`'}: {reason}") from error
    if len(data) > limit:
        raise LimitError(f"the text is longer than {MAX_LENGTH:,} characters")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1} is 0x{data[error.start]:02x}"
        raise UsageError(f"the input is not text in UTF-8: {place}", help="save or convert it as UTF-8") from error


def _divide_at_wrt(texts: list[str], command: str) -> tuple[str, tuple[str, ...]]:
    """The expression and the variables: what stands before and after the word `wrt`.

    A `where` clause may follow the variables; it belongs to the expression.
    """
    example = f'matcalc {command} "sum(w*x)" wrt w'
    parts = _WRT.split(" ".join(texts))
    expression = parts[0].strip()
    if not expression:
        raise UsageError("there is no expression to differentiate", help=f"for example {example}")
    if len(parts) < 2:
        raise UsageError("there is no variable to differentiate by", help=f"name it after `wrt`, for example {example}")
    if len(parts) > 2:
        raise UsageError("`wrt` stands there more than once", help=f"write it once, for example {example}")
    names, *declarations = _WHERE.split(parts[1], maxsplit=1)
    variables = tuple(_names(names))
    if not variables:
        raise UsageError("after `wrt` there is no variable", help=f"for example {example}")
    return " where ".join([expression, *map(str.strip, declarations)]), variables


def _names(text: str) -> list[str]:
    """The variables of a list such as `w, b`, `w b` or `[x, y], b`: commas and blanks separate them, except in brackets.

    `x then y` stays together.
    """
    names = [""]
    depth = 0
    for character in text:
        depth += (character in "[({") - (character in "])}")
        if depth <= 0 and (character.isspace() or character == ","):
            names.append("")
        else:
            names[-1] += character
    joined: list[str] = []
    for name in filter(None, names):
        if joined and (name == "then" or joined[-1].endswith(" then")):
            joined[-1] += f" {name}"
        else:
            joined.append(name)
    return joined


def shapes_given(declarations: Sequence[str]) -> dict[str, str]:
    """The declarations `x=vector(n)` of --shape; `x: vector(n)` is understood too."""
    shapes: dict[str, str] = {}
    for declaration in declarations:
        name, *rest = (part.strip() for part in re.split("[=:]", declaration, maxsplit=1))
        if not name or not any(rest):
            raise UsageError(f"`--shape {declaration}` names no shape", help='write --shape "x=vector(n)"')
        if shapes.setdefault(name, rest[0]) != rest[0]:
            raise UsageError(f"--shape gives `{name}` two shapes, {shapes[name]} and {rest[0]}", help="leave one of them out")
    return shapes


def nearest(name: str, names: Iterable[str]) -> str:
    """A question after the name that is most like `name`, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 (only for an error)

    return "".join(f"did you mean `{near}`?" for near in get_close_matches(name[:40], names, 1))
