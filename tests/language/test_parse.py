"""Texts to syntax trees, and what is said of texts that are none."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matcalc.errors import LimitError, MatcalcError, MatcalcSyntaxError
from matcalc.language import table
from matcalc.language.parse import parse_declarations, parse_expression, parse_program, parse_shape, parse_targets
from matcalc.language.tokens import READ_ONLY
from matcalc.language.tree import (
    Binary,
    Binding,
    Call,
    Clause,
    Declaration,
    Expr,
    Fact,
    Index,
    IndexSum,
    Name,
    Number,
    Program,
    ShapeSpec,
    Slice,
    Stack,
    Transpose,
    Unary,
    postorder,
)

STARTS = ("program", "declarations", "shape", "formula", "targets")


def show(node: object) -> str:
    """A tree as prefix notation, `.` being juxtaposition."""
    match node:
        case Number():
            return str(node.value)
        case Name():
            return node.name
        case Slice():
            return ":"
        case Unary():
            return f"(neg {show(node.operand)})"
        case Binary():
            operator = "." if node.operator == "juxtapose" else node.operator
            return f"({operator} {show(node.left)} {show(node.right)})"
        case Transpose():
            return f"(T {show(node.operand)})"
        case Call():
            arguments = [*map(show, node.arguments), *(f"{name}={show(value)}" for name, value in node.keywords)]
            return f"{node.function}({', '.join(arguments)})"
        case Index():
            return f"{show(node.operand)}[{', '.join(map(show, node.subscripts))}]"
        case Stack():
            return f"[{(node.separator + ' ').join(map(show, node.items))}]"
        case IndexSum():
            return f"<{node.function} {show(node.body)} for {' for '.join(map(show, node.clauses))}>"
        case Clause():
            return node.index.name + (f" in {show(node.lower)}..{show(node.upper)}" if node.lower else "")
        case ShapeSpec():
            if node.kind == "function":
                return f"({', '.join(map(show, node.domain))}) -> {show(node.codomain)}"
            dims = f"({', '.join(map(show, node.dims))})" if node.dims else ""
            return " ".join([*sorted(node.properties), node.kind]) + dims
        case Declaration():
            return f"{', '.join(name.name for name in node.names)}: {show(node.shape)}"
        case Fact():
            return f"{show(node.left)} = {show(node.right)}"
        case Binding():
            return f"{node.name.name} := {show(node.value)}"
        case Program():
            where = " | " + "; ".join(map(show, node.declarations)) if node.declarations else ""
            return "; ".join(map(show, [*node.bindings, node.body])) + where
    raise AssertionError(node)


def refusal(read: Callable[[str], object], text: str) -> str:
    """What is said of a text, or nothing; any exception but a MatcalcError passes through."""
    try:
        read(text)
    except MatcalcError as error:
        return str(error)
    return ""


EXPRESSIONS = {
    # products and quotients, one level, left to right
    "2/3 x": "(. (/ 2 3) x)",
    "a / b c": "(. (/ a b) c)",
    "2 x": "(. 2 x)",
    "2(x+1)": "(. 2 (+ x 1))",
    "X'X": "(. (T X) X)",
    "(a)(b)": "(. a b)",
    "x (y+z)": "(. x (+ y z))",
    "f(y+z)": "f((+ y z))",
    "2||x||^2": "(. 2 (^ norm(x) 2))",
    "lam ||w||^2": "(. lam (^ norm(w) 2))",
    "a ⊙ b ⊗ c ∘ d .* e": "(* (* (* (* a b) c) d) e)",
    "a ⊘ b ÷ c ./ d": "(/ (/ (/ a b) c) d)",
    "a · b ⋅ c @ d . e": "(@ (@ (@ (@ a b) c) d) e)",
    "w.x": "(@ w x)",
    "w.X_i": "(@ w X_i)",
    "w.(x+y)": "(@ w (+ x y))",
    # signs
    "a − b": "(- a b)",
    "-x^2": "(neg (^ x 2))",
    "-a*b": "(neg (* a b))",
    "a * -b": "(* a (neg b))",
    "a / -b * c": "(* (/ a (neg b)) c)",
    "x - -y": "(- x (neg y))",
    "+x": "x",
    # powers
    "a^b^c": "(^ a (^ b c))",
    "2^-1": "(^ 2 -1)",
    "x^-n": "(^ x (neg n))",
    "x^(a+b)": "(^ x (+ a b))",
    "2^x[1]": "(^ 2 x[1])",
    "x^{2}": "(^ x 2)",
    "x² + X⁻¹ + xⁿ": "(+ (+ (^ x 2) (^ X -1)) (^ x n))",
    "x ** 2 + x .^ 2": "(+ (** x 2) (** x 2))",
    "x^n²": "(^ x (^ n 2))",
    # transposes
    "x'": "(T x)",
    "A.T x": "(. (T A) x)",
    "A.Tx": "(@ A Tx)",
    "S@T": "(@ S T)",
    "A^T + A^⊤ + A^{T} + A^\\top + Aᵀ + A⊤": "(+ (+ (+ (+ (+ (T A) (T A)) (T A)) (T A)) (T A)) (T A))",
    "A^-1'": "(T (^ A -1))",
    "A^-T": "(T (^ A -1))",
    "A^{-T}": "(T (^ A -1))",
    "A⁻ᵀ": "(T (^ A -1))",
    "x'^2": "(^ (T x) 2)",
    "1ᵀ x + 0ᵀx": "(+ (. (T ones()) x) (. (T zeros()) x))",
    "1' + (1)ᵀ": "(+ (T ones()) (T 1))",
    "1^T x + 1.T x + 1⊤x + 1^{T} x": "(+ (+ (+ (. (T ones()) x) (. (T ones()) x)) (. (T ones()) x)) (. (T ones()) x))",
    # numbers
    "1e-3 + .5 + 2. * x": "(+ (+ 1/1000 1/2) (* 2 x))",
    "2e": "(. 2 e)",
    "2.*x": "(* 2 x)",
    # comparisons
    "a >= b + c": "(>= a (+ b c))",
    "a ≠ b": "(!= a b)",
    "a ≤ b": "(<= a b)",
    "(a > 0) * (b == 0)": "(* (> a 0) (== b 0))",
    # norms and bars
    "||x||_1 + ||x||_2^2 + ‖X‖_F": "(+ (+ norm1(x) (^ norm2(x) 2)) normF(X))",
    "‖x‖_inf + ‖x‖_∞ + ‖x‖_p + ‖x‖_{p} + ‖x‖₂²": ("(+ (+ (+ (+ norminf(x) norminf(x)) norm(x, p)) norm(x, p)) (^ norm2(x) 2))"),
    "||x - ||y|| z||": "norm((- x (. norm(y) z)))",
    "|x| |y| + 2|z|": "(+ (. abs(x) abs(y)) (. 2 abs(z)))",
    # stacks and indices
    "[f, g]": "[f, g]",
    "[u; v]": "[u; v]",
    "[[a,b],[c,d]]": "[[a, b], [c, d]]",
    "[a, b; c, d]": "[[a, b]; [c, d]]",
    "[x > 0]": "(> x 0)",
    "x[i] X[i,j] + X[i,:] + X[:,j]": "(+ (+ (. x[i] X[i, j]) X[i, :]) X[:, j])",
    "(A B)[i,j]": "(. A B)[i, j]",
    # names
    "x_{i,j} + x₁₂ + xᵢ + w_hat_2": "(+ (+ (+ x_ij x_12) x_i) w_hat_2)",
    "x̂ + σ(x)": "(+ x̂ σ(x))",
    "e\u0301": "\u00e9",
    "where(x > 0, x, 0)": "where((> x 0), x, 0)",
    "sum(x, axis=0)": "sum(x, axis=0)",
    "∑(x)": "sum(x)",
    # sums over an index
    "sum(x_i for i)": "<sum x_i for i>",
    "sum(c[i]*w.X[i] for i in 1..N)": "<sum (@ (* c[i] w) X[i]) for i in 1..N>",
    "sum(X[i,j] for i = 1..N for j ∈ 1..M+1)": "<sum X[i, j] for i in 1..N for j in 1..(+ M 1)>",
    "mean(x_i for i) + prod(x_i for i)": "(+ <mean x_i for i> <prod x_i for i>)",
    "sum(x_{i+1, 2} for i in 1..N-1)": "<sum x[(+ i 1), 2] for i in 1..(- N 1)>",
    "sum_{i=1}^N (a_i) + 3": "(+ <sum a_i for i in 1..N> 3)",
    "sum_{i=1}^N(a_i)": "<sum a_i for i in 1..N>",
    "sum_{i=1}^{N} x_i y_i": "<sum (. x_i y_i) for i in 1..N>",
    "sum_{i=1}^len(x) x_i": "<sum x_i for i in 1..len(x)>",
    "sum_{t=1}^T x_t": "<sum x_t for t in 1..T>",
    "sum_i x_i + sum_i(x_i)": "(+ <sum x_i for i> <sum x_i for i>)",
    "∑_{i=1}^n ‖x_i‖²": "<sum (^ norm(x_i) 2) for i in 1..n>",
    "∑ᵢ xᵢ": "<sum x_i for i>",
    "sum_{i,j} X_ij": "<sum X_ij for i for j>",
    "sum_{ij} X_ij": "<sum X_ij for i for j>",
    "1/N sum_i x_i": "(. (/ 1 N) <sum x_i for i>)",
    "a * -sum_i x_i * y_i + c": "(+ (* a (neg <sum (* x_i y_i) for i>)) c)",
    "x - mean_x + Σ_x^-1": "(+ (- x mean_x) (^ Σ_x -1))",
}

PROGRAMS = {
    "z = w.x + b; a = max(0, z); (y - a)^2 where y: scalar": "z := (+ (@ w x) b); a := max(0, z); (^ (- y a) 2) | y: scalar",
    "z = w.x # c\n\na = max(0,\n z)\n(y - a)^2\nwhere y: scalar\n w: vector\n": (
        "z := (@ w x); a := max(0, z); (^ (- y a) 2) | y: scalar; w: vector"
    ),
    "a +\nb": "(+ a b)",
    "\n\na\n+ b\n": "(+ a b)",
    "z = x\n[z, 2]": "z := x; [z, 2]",
    "x;": "x",
}

DECLARATIONS = {
    "": "",
    "w, x: vector(n), X: matrix(N, n), b: scalar": "w, x: vector(n); X: matrix(N, n); b: scalar",
    "X ∈ R^(m×n), b ∈ R; v in R^n\nZ ∈ ℝᵐˣⁿ": "X: matrix(m, n); b: scalar; v: vector(n); Z: matrix(m, n)",
    "u ∈ ℝⁿ, W ∈ ℝ^{m×n}, V: ℝ³ˣ³": "u: vector(n); W: matrix(m, n); V: matrix(3, 3)",
    "p: positive vector(n), q: positive scalar": "p: positive vector(n); q: positive scalar",
    "A: symmetric(n), S: spd(3), r: row(n)": "A: symmetric matrix(n, n); S: spd matrix(3, 3); r: row(n)",
    "f: elementwise, g: R^n -> R^m": "f: elementwise; g: (vector(n)) -> vector(m)",
    "h: (R^n, R) → R": "h: (vector(n), scalar) -> scalar",
    "sum(y) = 1, A = A', sum(p) == 1": "sum(y) = 1; A = (T A); sum(p) = 1",
}

SHAPES = {
    "vector(n)": "vector(n)",
    "positive vector(n)": "positive vector(n)",
    "R^(m×n)": "matrix(m, n)",
    "R^(m x n)": "matrix(m, n)",
    "symmetric(n)": "symmetric matrix(n, n)",
    "elementwise": "elementwise",
    "R^n -> R^m": "(vector(n)) -> vector(m)",
}

TARGETS = {"w": ["w"], "w, b": ["w", "b"], "[x, y]": ["[x, y]"], "[w; b]": ["[w; b]"], "x[2]": ["x[2]"]}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions(text: str) -> None:
    assert show(parse_expression(text)) == EXPRESSIONS[text]
    assert show(parse_program(text).body) == EXPRESSIONS[text]


@pytest.mark.parametrize("text", PROGRAMS)
def test_programs(text: str) -> None:
    assert show(parse_program(text)) == PROGRAMS[text]


@pytest.mark.parametrize("text", DECLARATIONS)
def test_declarations(text: str) -> None:
    assert "; ".join(map(show, parse_declarations(text))) == DECLARATIONS[text]
    if text:
        assert show(parse_program(f"x where {text}")) == f"x | {DECLARATIONS[text]}"


@pytest.mark.parametrize("text", SHAPES)
def test_shapes(text: str) -> None:
    assert show(parse_shape(text)) == SHAPES[text]


@pytest.mark.parametrize("text", TARGETS)
def test_targets(text: str) -> None:
    assert [show(target) for target in parse_targets(text)] == TARGETS[text]


def test_numbers_are_exact() -> None:
    number = parse_expression("0.1")
    assert isinstance(number, Number)
    assert (number.value, number.decimal) == (Fraction(1, 10), True)


@pytest.mark.parametrize(
    ("text", "excerpts"),
    [
        ("(a) + b", ["a", "b", "(a) + b"]),
        ("((a + b)) c'", ["a", "b", "a + b", "c", "c'", "((a + b)) c'"]),
        ("-(x)^2 ", ["x", "2", "(x)^2", "-(x)^2"]),
        ("f(x, [a; b]) A⁻ᵀ", ["x", "a", "b", "[a; b]", "f(x, [a; b])", "A", "⁻ᵀ", "A⁻ᵀ", "A⁻ᵀ", "f(x, [a; b]) A⁻ᵀ"]),
        (
            "sum_{i=1}^N (x_i) + ||x||_p",
            ["1", "N", "x_i", "sum_{i=1}^N (x_i)", "x", "p", "||x||_p", "sum_{i=1}^N (x_i) + ||x||_p"],
        ),
        ("( X[i, :] )^-2", ["X", "i", "X[i, :]", "-2", "( X[i, :] )^-2"]),
    ],
)
def test_spans(text: str, excerpts: list[str]) -> None:
    assert [node.span.excerpt for node in postorder(parse_expression(text))] == excerpts


def test_operator_spans() -> None:
    def place(text: str) -> tuple[str, int]:
        node: Expr = parse_expression(text)
        assert isinstance(node, Binary)
        return node.operator_span.excerpt, node.operator_span.start

    assert place("(a) ⊙ b") == ("⊙", 4)
    assert place("2 (x)") == ("", 2)


PLUS = "\nhelp: write pinv(A) for the pseudoinverse, max(0, x) for the positive part, x^(…) for a power"
ERRORS = {
    "": "the input is empty\n  \n  ^\nhelp: write an expression, for example sum(w*x) + b",
    "a + * b": "unexpected `*`: an operand is missing before it\n  a + * b\n      ^",
    "(a + )": "unexpected `)`: an operand is missing before it\n  (a + )\n       ^",
    "(a + b": "`(` is never closed\n  (a + b\n  ^\nhelp: add the missing `)`",
    "||x": "`||` is never closed\n  ||x\n  ^^\nhelp: write |x| and ||x|| with a bar on both sides",
    "a )": "`)` closes nothing\n  a )\n    ^\nhelp: remove it, or add the bracket that it should close",
    "(a]": "`]` does not close `(`\n  (a]\n    ^\n`(` is open since here\n  (a]\n  ^",
    "a +": "the text ends where an operand is expected\n  a +\n     ^",
    "x 2": "an operator is missing before `2`\n  x 2\n    ^\nhelp: for a product write the number first, 2 x, or write x * 2",
    "w'1": (
        "an operator is missing before `1`\n  w'1\n    ^\n"
        "help: the product with the vector of ones is 1' x or x' ones(n), the sum of all entries sum(x)"
    ),
    "[1 2]": "an operator is missing before `2`\n  [1 2]\n     ^\nhelp: separate the entries of a stack with commas",
    "x .5": (
        "unexpected number `.5` after an operand\n  x .5\n    ^^\n"
        "help: for a product write x * 0.5; the dot of a dot product stands between two vectors"
    ),
    "z = x": "the text ends with a definition\n  z = x\n       ^\nhelp: add the expression that is meant: z = w.x + b; z^2",
    "f(x) = y": (
        "unexpected `=`\n  f(x) = y\n       ^\n"
        "help: write `==` to compare; a definition is `name = expression` on a line of its own or before `;`"
    ),
    "a<b<c": "comparisons cannot be chained\n  a<b<c\n     ^\nhelp: write (a < b) * (b < c)",
    "√f(x)": "unexpected character `√`\n  √f(x)\n  ^\nhelp: write √(…) or sqrt(…)",
    "√x²": "unexpected character `√`\n  √x²\n  ^\nhelp: write √(…) or sqrt(…)",
    "√x ^2": "unexpected character `√`\n  √x ^2\n  ^\nhelp: write √(…) or sqrt(…)",
    "√": "unexpected character `√`\n  √\n  ^\nhelp: write √(…) or sqrt(…)",
    "sin^-1(x)": (
        "`sin^-1` can be read in two ways\n  sin^-1(x)\n  ^^^^^^\nhelp: write arcsin(x) or sin(x)^(-1)"
    ),
    "arcsin⁻¹(x)": "`arcsin⁻¹` can be read in two ways\n  arcsin⁻¹(x)\n  ^^^^^^^^\nhelp: write arcsin(x)^(-1)",
    "\\ b": "unexpected character `\\`\n  \\ b\n  ^",
    "2^T x": "`2^T` would be the transpose of a number\n  2^T x\n  ^^^\nhelp: 1ᵀ is the row of ones, 0ᵀ that of zeros",
    "0.5' x": "`0.5'` would be the transpose of a number\n  0.5' x\n  ^^^^\nhelp: 1ᵀ is the row of ones, 0ᵀ that of zeros",
    "A^+ b": "`^+` can be read in several ways\n  A^+ b\n   ^^" + PLUS,
    "(1 - x)^{+}": "`^{+}` can be read in several ways\n  (1 - x)^{+}\n         ^^^^" + PLUS,
    "A⁺ b": "unexpected character `⁺`\n  A⁺ b\n   ^" + PLUS,
    "2½ x": "an operator is missing before `½`\n  2½ x\n   ^\nhelp: put an operator between the two numbers",
    "⟨x⟩": "a dot product ⟨x, y⟩ has two operands\n  ⟨x⟩\n  ^^^",
    "⟨x, y": "`⟨` is never closed\n  ⟨x, y\n  ^\nhelp: add the missing `⟩`",
    "a && b": "unexpected character `&&`\n  a && b\n    ^^\nhelp: multiply comparisons instead: (a > 0) * (b > 0)",
    "x..y": "unexpected `..`\n  x..y\n   ^^\nhelp: a range belongs to an index: sum(x_i for i in 1..n)",
    "sum(x for)": "unexpected `)` where a name is expected\n  sum(x for)\n           ^",
    "sum(x for i in N)": (
        "unexpected `)` where `..` is expected\n  sum(x for i in N)\n                  ^\n"
        "help: a range has two ends: for i in 1..N"
    ),
    "exp(x for i)": (
        "`exp` cannot be taken over an index\n  exp(x for i)\n  ^^^\n"
        "help: sum, prod, mean, max and min can: sum(x_i for i in 1..n)"
    ),
    "sum_x + 1": (
        "unexpected `+`: an operand is missing before it\n  sum_x + 1\n        ^\n"
        "help: what looks like `sum_i` is a sum over i; put parentheses around a body that begins with a sign"
    ),
    "sum_{i=1} x_i": "the sum over `i` has no upper bound\n  sum_{i=1} x_i\n       ^^^\nhelp: write sum_{i=1}^N x_i",
    "x, y": "unexpected `,`\n  x, y\n   ^\nhelp: write [f, g] to stack several expressions",
    "x; y": (
        "the text goes on after the expression at `;`\n  x; y\n   ^\n"
        "help: only definitions `name = expression` may stand before the last line"
    ),
    "in": "unexpected `in`: an operand is missing before it\n  in\n  ^^\nhelp: `in` is a keyword and cannot be a name",
    "'x": "`'` has no operand before it to transpose\n  'x\n  ^",
    "\\alpha x": (
        "`\\alpha` is LaTeX\n  \\alpha x\n  ^^^^^^\n"
        'help: write the name without the backslash, or use dialect="latex" for LaTeX'
    ),
    "a\u202eb": "unexpected character U+202E (right-to-left override)\n  a\ufffdb\n   ^\nhelp: remove it",
    "a\x1bb": "unexpected character U+001B (a control character)\n  a\ufffdb\n   ^\nhelp: remove it",
    "f(a=1, b)": "an argument without a name cannot follow one with a name\n  f(a=1, b)\n         ^",
    "x where w": (
        "the declaration is not complete\n  x where w\n           ^\nhelp: write x: vector(n), or an equation like sum(y) = 1"
    ),
    "x where w: vectr(n)": (
        "unknown kind `vectr`\n  x where w: vectr(n)\n             ^^^^^\n"
        "help: did you mean `vector`? the kinds are scalar, vector, row, "
        "matrix, symmetric, spd, diagonal, orthogonal, lower_triangular, upper_triangular, elementwise, positive before any of "
        "them, R^n and R^(m×n)"
    ),
    "x where w: vector(n+)": (
        "unexpected `)` in the dimensions\n  x where w: vector(n+)\n                      ^\n"
        "help: a dimension is a name or a whole number: matrix(m, n)"
    ),
    "x where w: matrix(n)": "`matrix` has two dimensions, not 1\n  x where w: matrix(n)\n             ^^^^^^^^^",
    "x where n > 3": (
        "a condition with `>` cannot be declared\n  x where n > 3\n            ^\n"
        "help: declare signs as `x: positive vector(n)`; equations like sum(y) = 1 are understood too"
    ),
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors(text: str) -> None:
    with pytest.raises(MatcalcSyntaxError) as caught:
        parse_program(text)
    assert str(caught.value) == ERRORS[text]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 200_001, "the text is longer than 200,000 characters"),
        ("x+" * 60_000 + "x", "the text has more than 100,000 symbols"),
        ("(" * 50_000 + "x" + ")" * 50_000, "more than 20,000 brackets are open"),
        ("1" * 101, "the number has more than 100 digits"),
        ("1e999999", "the number has more than 100 digits"),
        ("1e" + "9" * 9_999, "the number has more than 100 digits"),
        ("[" + "x," * 1_000 + "x]", "more than 1,000 entries are stacked"),
    ],
)
def test_limits(text: str, message: str) -> None:
    with pytest.raises(LimitError) as caught:
        parse_program(text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000 + "x" + ")" * 1_000,
        "(" * 19_000 + "x" + ")" * 19_000,
        "x + " * 49_000 + "x",
        "-" * 90_000 + "x",
        "-" * 100_000,
        "(" * 20_000,
        "x^" * 45_000 + "x",
        "x" + "'" * 90_000,
        "sum_i " * 30_000 + "x",
        "mean_x " * 28_000,
        "f(" + "x," * 49_000 + "x)",
        "[" * 19_000 + "x" + "]" * 19_000,
        "|" * 15_001,
        "^" + " " * 190_000,
        "2." + " " * 190_000,
        "a=x;" * 24_000 + "a",
        "x where " + "a," * 49_000 + "a: scalar",
        "Σ_{" * 60_000,
    ],
    ids=lambda text: text[:8],
)
def test_long_texts_are_read_or_refused(text: str) -> None:
    refusal(parse_program, text)


WORDS = [
    *"xATi12()[]{}|'.,;:=+-*/^@<> \n_#!×∈∑ᵀ²⁻‖·⊙\\~",
    *(
        "||",
        "sum",
        "sum_i ",
        "sum_{i=1}^N ",
        "for ",
        " in ",
        "where ",
        "where(",
        "f(",
        "..",
        ".5",
        "1e",
        "^T",
        ".T",
        "->",
        "_1",
    ),
    *(
        "vector(n)",
        "R^",
        "x_{i}",
        "==",
        "**",
        ".*",
        "x: ",
        "positive ",
        "x₁",
        "\u202e",
        "\x00",
        "\ud800",
        "e\u0301",
        "Σ_",
        "mean_x",
    ),
]
READERS: list[Callable[[str], object]] = [parse_program, parse_declarations, parse_shape, parse_expression, parse_targets]


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=14).map("".join), st.text(max_size=20)), st.sampled_from(READERS))
@example("x where", parse_declarations)
def test_any_text_is_read_or_refused_kindly(text: str, read: Callable[[str], object]) -> None:
    message = refusal(read, text)
    assert "$" not in message or "$" in text


def test_table_is_found_again_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    load = table.load_table.__wrapped__
    built, _ = load("matcalc", STARTS, READ_ONLY)
    monkeypatch.setattr(table, "compile_table", lambda *_: pytest.fail("compiled again"))
    assert load("matcalc", STARTS, READ_ONLY)[0] == built


@pytest.mark.parametrize("content", [b"", b"junk", b"N", b"\xfb\xff\xff\xff\x7f"])
def test_table_on_disk_is_replaced_when_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    load = table.load_table.__wrapped__
    built, _ = load("matcalc", STARTS, READ_ONLY)
    (path,) = (tmp_path / "matcalc").iterdir()
    path.write_bytes(content)
    assert load("matcalc", STARTS, READ_ONLY)[0].pattern == built.pattern
    assert len(path.read_bytes()) > 10_000


def test_table_is_not_read_from_a_directory_that_others_can_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "matcalc").mkdir()
    (tmp_path / "matcalc").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert table.load_table.__wrapped__("matcalc", STARTS, READ_ONLY)[0].states
    assert not list((tmp_path / "matcalc").iterdir())


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("norm(X, 'fro')", "norm(X, fro)"), ('norm(X, "fro")', "norm(X, fro)"), ("norm(X, 'F')", "norm(X, F)"),
        ("x' y + norm(x, 'inf')'", "x' y + norm(x, inf)'"),
    ],
)  # fmt: skip
def test_the_names_of_norms_may_be_quoted(text: str, same: str) -> None:
    assert show(parse_program(text).body) == show(parse_program(same).body)


def test_other_strings() -> None:
    with pytest.raises(MatcalcSyntaxError) as caught:
        parse_program("norm(X, 'nuc')")
    assert caught.value.help == "a norm is chosen like norm(X, F), norm(x, 1), norm(x, inf)"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("√x", "sqrt(x)"), ("√(x + 1)", "sqrt(x + 1)"), ("2√3 x", "2 sqrt(3) x"), ("√ x y", "sqrt(x) y"),
        ("-√x*y", "-sqrt(x)*y"),
        ("√x (y)", "sqrt(x) (y)"), ("(√x)^2", "(sqrt(x))^2"),
        ("cos^2(x)", "cos(x)**2"), ("sin²(x)", "sin(x)**2"), ("2 log^{3} (x) y", "2 log(x)**3 y"),
        ("sin²(cos²(x))", "sin(cos(x)**2)**2"), ("sin²(x)cos²(x)", "sin(x)**2 cos(x)**2"), ("tanh²(x)'", "(tanh(x)**2)'"),
        ("A \\ b", "solve(A, b)"), ("A\\b + c", "solve(A, b) + c"), ("A B \\ b", "solve(A B, b)"),
        ("a × b", "cross(a, b)"), ("a . (b × c)", "a . cross(b, c)"), ("a × -b", "cross(a, -b)"),
        ("a × b × c", "cross(cross(a, b), c)"),
        ("½ x'x - ⅓ y + x^½", "(1/2) x'x - (1/3) y + x^(1/2)"), ("-½||x||²", "-(1/2) ||x||^2"),
        ("X.dot(w) + b", "X @ w + b"), ("x.T.dot(y)", "x' @ y"), ("(x - y).dot(A x).exp()", "exp((x - y) @ (A x))"),
        ("2*x.sum()^2", "2*sum(x)^2"), ("a*x.mean() + X.sum(axis=0)", "a*mean(x) + sum(X, axis=0)"), ("w.f(x)", "w . f(x)"),
        ("x 1' y", "x ones()' y"), ("g' x 1ᵀ", "g' x ones()'"), ("x 1^T", "x ones()'"), ("x 1.T", "x ones()'"),
        ("dot(A, x)", "A @ x"),
    ],
)  # fmt: skip
def test_notation_of_paper(text: str, same: str) -> None:
    assert show(parse_program(text).body) == show(parse_program(same).body)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("z = y .* (X w)\n-sum(log(z))", "z = y .* (X w); -sum(log(z))"),
        ("z = X w\n  + b\n-sum(z)", "z = X w + b; -sum(z)"),
        ("a = x; z = a\n  + 1\n- z", "a = x; z = a + 1; -z"),
        ("z = X w\n- b\nsum(z)", "z = X w - b; sum(z)"),
        ("p = q\n-sum_i y_i log(p_i)", "p = q; -sum_i y_i log(p_i)"),
        ("p = q\n-sum(\n  y*p\n)", "p = q; -sum(y*p)"),
        ("z = x\n- z_hat\nz", "z = x - z_hat; z"),
        ("z = x\n- y  # makes z\nz", "z = x - y; z"),
        ("z = x\n+z\n-z", "z = x; z - z"),
    ],
)
def test_a_line_with_a_sign_that_uses_the_definition_is_a_statement(text: str, same: str) -> None:
    one, other = parse_program(text), parse_program(same)
    assert show(one.body) == show(other.body)
    assert [show(b.value) for b in one.bindings] == [show(b.value) for b in other.bindings]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("z = X w\n+ b\n-sum(z)", "it is not clear where the definition of `z` ends"),
        ("z = X w\n- b", "the text ends with a definition"),
        ("z = x\n-y where z: scalar", "unexpected `where`"),
    ],
)
def test_where_a_definition_ends(text: str, message: str) -> None:
    with pytest.raises(MatcalcSyntaxError) as caught:
        parse_program(text)
    assert caught.value.message == message
