"""The reasons beside the derivatives of single steps: exact words, and that what they claim holds for the derivative itself."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcalc.errors import MatcalcError
from matcalc.explanation.combine import Combiner
from matcalc.explanation.derivation import unmarked
from matcalc.explanation.explain import Explaining
from matcalc.explanation.intermediates import Steps
from matcalc.explanation.local import Local
from matcalc.explanation.rules import Reasons, rule
from matcalc.notation.matrix import Answer
from matcalc.operations.rows import Derived, Elementwise, MatrixFunction, Multilinear, Operation
from matcalc.operations.table import ALL
from matcalc.output.text import expression
from matcalc.problem import Problem
from matcalc.tensor.evaluate import evaluate
from matcalc.tensor.nodes import Variable, topological
from matcalc.verify.stand_ins import stand_in

GOLDEN = Path(__file__).parent.parent / "golden"


def explaining(text: str, wrt: str, where: str = "", **options: Any) -> Explaining:
    """The derivation of a problem; its answers do not matter here."""
    problem = Problem(text, wrt.strip("[]").split(", "), where=where or None, **options)
    unknown = Answer(problem.recovery.build.number(0))
    return Explaining(problem, [(path[0], unknown) for path in problem.paths])


def every_local(combiner: Combiner) -> Iterator[Local]:
    """The derivative of each step by each operand, those of the terms of a sum over an index included."""
    for step in combiner.steps.active():
        if step.series is not None:
            yield from every_local(combiner.terms(step))
            continue
        for operand in step.operands:
            if operand.targets:
                yield combiner.local(step, operand)


def reasons(text: str, wrt: str, where: str = "") -> dict[str, str]:
    """The reason for each derivative of a step, in full."""
    found = explaining(text, wrt, where)
    return {
        f"{each.step.name}/{each.operand.name}": unmarked(rule(found.problem.inference, each))
        for each in every_local(found.combiner)
    }  # fmt: skip


def diagonal(name: str, step: str, operand: str, size: str = "n", entry: str = "entry i") -> str:
    """Why an element-wise step has a diagonal Jacobian."""
    saved = f" ({size} numbers, not {size}²)" if size else ""
    return f"{name}element-wise: {entry} of {step} depends on {entry} of {operand} only, so diagonal{saved}"


NEURON = "w, x: vector(n), b: scalar"
TWO = "w, x: vector(n)"
XY = "X, Y: matrix(m, n)"
SQUARE = "X: matrix(n, n)"

CASES = [
    # Parr & Howard
    ("max(0, w.x + b)", "w, b", NEURON, "u/w",
     "dot product: linear in w, with coefficients x; b does not depend on w"),
    ("max(0, w.x + b)", "w, b", NEURON, "u/b", "sum rule; w·x does not depend on b"),
    ("max(0, w.x + b)", "w, b", NEURON, "y/u", "piecewise: 1 where u > 0, else 0 (by convention also at u = 0)"),
    ("w + x", "w", TWO, "y/w", "sum rule: the identity; x does not depend on w"),
    ("w - x", "x", TWO, "y/x", "difference rule: minus the identity; w does not depend on x"),
    ("w*x", "w", TWO, "y/w", diagonal("constant multiple rule, ", "y", "w")),
    ("w*x", "w, x", TWO, "y/x", diagonal("constant multiple rule (w held fixed), ", "y", "x", size="")),
    ("w/x", "x", TWO, "y/x", diagonal("quotient rule (w held fixed), ", "y", "x")),
    ("w/x", "w", TWO, "y/w", diagonal("constant multiple rule, ", "y", "w")),
    ("a' X' X b", "X", "", "y/u₂", "dot product: linear in u₂, with coefficients u₁"),
    ("(x - y)' f(z)", "z", "x, y, z: vector(n)", "C/u", "dot product: linear in u, with coefficients x - y"),
    ("S (x - m)", "S", "S: matrix(k, n)", "y/S", "matrix–vector product: entry i is row i of S times (x - m)"),
    ("x'/2 A", "x", "", "y/u", "linear in u: the Jacobian is Aᵀ"),
    ("x' A", "x", "A: symmetric(n)", "y/x", "linear in x: the Jacobian is A"),
    ("x + z", "z", "x: vector(n), z: scalar", "y/z", "scalar expansion: z is added to every entry; x does not depend on z"),
    ("x + z", "x", "x: vector(n), z: scalar", "y/x", "sum rule: the identity; z does not depend on x"),
    ("x*z", "z", "x: vector(n), z: scalar", "y/z", "scalar expansion: z multiplies every entry of x"),
    ("sum(exp(x))", "x", "x: vector(n)", "y/u", "vector sum reduction: every entry has coefficient 1"),
    ("sum(exp(x))", "x", "x: vector(n)", "u/x", diagonal("derivative of exp, ", "u", "x")),
    ("sin(x + x^2)", "x", "x: scalar", "u₁/x", "u₁ is x itself"),
    ("sin(x + x^2)", "x", "x: scalar", "u₂/x", "power rule"),
    ("sin(x + x^2)", "x", "x: scalar", "u₃/u₂", "sum rule; u₁ does not depend on u₂"),
    ("sin(x + x^2)", "x", "x: scalar", "y/u₃", "derivative of sin"),
    ("[3*x^2*y, 2*x + y^8]", "x, y", "", "u₁/x", "power rule; constant multiple rule"),
    ("[3*x^2*y, 2*x + y^8]", "x, y", "", "u₂/y", "constant multiple rule (u₁ held fixed)"),
    ("[3*x^2*y, 2*x + y^8]", "x, y", "", "u₄/x", "sum and constant multiple rule; u₃ does not depend on x"),
    ("[3*x^2*y, 2*x + y^8]", "x, y", "", "f/u₂", "u₂ stands in one entry of f only"),
    ("[log(x^2); sin(3*x)]", "x", "x: scalar", "y/u", diagonal("each entry by its own rule, ", "y", "u", size="")),
    ("sum((y_i - max(0, w.X_i + b))^2 for i in 1..N)/N", "w, b", "", "u₁ᵢ/w",
     "dot product: linear in w, with coefficients Xᵢ; b does not depend on w"),
    ("sum((y_i - max(0, w.X_i + b))^2 for i in 1..N)/N", "w, b", "", "u₃ᵢ/u₂ᵢ", "difference rule; yᵢ does not depend on u₂ᵢ"),
    # affine steps
    ("||X w - y||^2", "w", "", "u/w", "linear in w: the Jacobian is X; y does not depend on w"),
    ("exp(W x + b)", "W, b", "", "u/W",
     "matrix–vector product: entry i is row i of W times x; b does not depend on W"),
    ("exp(W x + b)", "W, b", "", "u/b", "sum rule: the identity; W x does not depend on b"),
    ("exp(W' x)", "W", "", "u/W",
     "matrix–vector product: entry i is column i of W times x; K vec(W) = vec(Wᵀ)"),
    ("exp(-A x)", "x", "", "u/x", "linear in x: the Jacobian is minus A"),
    ("exp(x' A)", "x", "", "u/x", "linear in x: the Jacobian is Aᵀ"),
    ("(A + B) x", "x", "", "y/x", "linear in x: the Jacobian is A + B"),
    ("sum((X w)^2)/N", "w", "X: matrix(N, n)", "y/u₂",
     "vector sum reduction: every entry has coefficient 1; constant multiple rule"),
    # norms and powers
    ("½||X w - y||^2", "w", "", "C/u", "‖u‖² = u·u: power rule for each square in the sum; constant multiple rule"),
    ("norm(x)", "x", "", "y/x", "chain rule for the root of the sum of squares: x divided by its norm"),
    ("x^y", "x, y", "x, y: scalar", "C/x", "power rule (y held fixed)"),
    ("x^y", "x, y", "x, y: scalar", "C/y", "exponential rule (x held fixed)"),
    ("X**2", "X", XY, "Y/X", diagonal("power rule, ", "Y", "X", size="", entry="entry (i, j)")),
    ("X^2", "X", SQUARE, "Y/X", "product rule: each factor X in turn, with the powers to its left and right"),
    ("X^-1", "X", SQUARE, "Y/X", "from X X⁻¹ = I: d(X⁻¹) = -X⁻¹ dX X⁻¹"),
    ("inv(X)", "X", "", "Y/X", "from X X⁻¹ = I: d(X⁻¹) = -X⁻¹ dX X⁻¹"),
    # matrices
    ("A X B", "X", "", "U/X", "matrix product, linear in X: vec(A X) = (I ⊗ A) vec(X)"),
    ("A X B", "X", "", "Y/U", "matrix product, linear in U: vec(U B) = (Bᵀ ⊗ I) vec(U)"),
    ("A X'", "X", "", "Y/X", "matrix product: linear in X; K vec(X) = vec(Xᵀ)"),
    ("tr(X)", "X", "", "y/X", "trace: linear; diagonal entries have coefficient 1, the others 0"),
    ("det(X)", "X", "", "y/X", "Jacobi's formula: d det(X) = det(X) tr(X⁻¹ dX)"),
    ("logdet(X)", "X", "", "y/X", "Jacobi's formula, divided by det(X): d logdet(X) = tr(X⁻¹ dX)"),
    ("x y'", "x", "", "Y/x", "outer product: each entry is one of x times one of y"),
    ("log(A x + B)", "x", "A, B: matrix(m, n)", "U/x", "A x is added to every column; B does not depend on x"),
    ("X + v", "v", "X: matrix(m, n), v: vector(m)", "Y/v", "v is added to every column; X does not depend on v"),
    # functions of whole vectors
    ("softmax(W x)", "x", "", "y/u", "every entry depends on every entry of u, through the normalising sum: not diagonal"),
    ("softmax(X, axis=1)", "X", "", "Y/X",
     "each row by itself; every entry depends on every entry of the row, through the normalising sum: not diagonal"),
    ("logsumexp(x)", "x", "", "y/x", "derivative of log, then of each exp: the gradient is softmax(x)"),
    ("max(x)", "x", "x: vector(n)", "y/x", "only the largest entry counts; of equal ones the first"),
    # kinks
    ("relu(x)", "x", "x: scalar", "y/x", "piecewise: 1 where x > 0, else 0 (by convention also at x = 0)"),
    ("max(x, y)", "x, y", "x, y: scalar", "C/x", "piecewise: 1 where x ≥ y, else 0"),
    ("max(x, y)", "x, y", "x, y: scalar", "C/y", "piecewise: 1 where y > x, else 0 (by convention also at y = x)"),
    ("max(x, 0)", "x", "x: scalar", "y/x", "piecewise: 1 where x > 0, else 0 (by convention also at x = 0)"),
    ("min(x, 1)", "x", "x: scalar", "y/x", "piecewise: 1 where x < 1, else 0 (by convention also at x = 1)"),
    ("abs(x)", "x", "x: scalar", "y/x", "the sign of x, 0 at the kink"),
    ("(x > 1)*y", "x", "x, y: vector(n)", "u/x", "constant but for its jump: 0"),
    # unknown functions
    ("f(x)", "x", "f: elementwise, x: vector(n)", "y/x",
     diagonal("f is not known: its derivative is called f′; ", "y", "x", "")),
    ("g(x) where g: R^n -> R^m", "x", "", "y/x", "g is not known: its Jacobian only has a name"),
    # parts
    ("x[2]*x[1]", "x", "", "u₁/x", "one entry of x: coefficient 1, the others 0"),
    ("[u; v]", "u", "u, v: vector(n)", "y/u", "u is a block of y; the other blocks do not depend on it"),
    ("sin(x)*sin(x)", "x", "x: scalar", "y/u", "product rule (u is in both factors)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "where", "which", "reason"), CASES, ids=[f"{c[0]} {c[3]}" for c in CASES])
def test_reasons(text: str, wrt: str, where: str, which: str, reason: str) -> None:
    assert reasons(text, wrt, where)[which] == reason


def test_why_diagonal_is_said_once() -> None:
    found = explaining("sum(log(sin(x)))", "x", "x: vector(n)")
    said = Reasons(found.problem.inference)
    assert [unmarked(said.rule(each)) for each in every_local(found.combiner)][:2] == [
        diagonal("derivative of sin, ", "u₁", "x"), "derivative of log, element-wise: diagonal",
    ]  # fmt: skip


# What a reason claims


def numbers(of: Local, seed: int = 0) -> Any:
    """The derivative as a matrix, at random positive numbers."""
    draw = np.random.default_rng(seed)
    variables = [node for node in topological([of.node]) if isinstance(node, Variable)]
    names = {name for node in topological([of.node]) for each in node.shape for name in each.names}
    sizes: dict[str, int] = defaultdict(lambda: 2)
    sizes |= {name: int(number) for name, number in zip(sorted(names), draw.permutation(len(names)) + 3, strict=True)}
    values = {each.name: draw.uniform(0.5, 1.5, [size.value(sizes) for size in each.shape]) for each in variables}
    if of.step.role == "entry":  # the unit vector e(i) is the only one here
        values = {name: np.eye(len(value))[0] for name, value in values.items()}
    raw = np.asarray(evaluate(of.node, values, sizes, stand_in))
    own = len(of.step.shape.dims)
    return raw.reshape(int(np.prod(raw.shape[:own])), int(np.prod(raw.shape[own:])))


_CONSTANT = re.compile(
    "linear|sum rule(?!: the terms)|difference rule|constant multiple rule|sum and|dot product|matrix|vector sum|row |outer"
    "|Kronecker|cross|trace|each (row|column) by itself; (vector sum|sum red)"
    "|scalar expansion: .* (is added|is subtracted|multiplies)"
)


def check_claims(of: Local, said: str) -> None:
    """What the words say about the Jacobian is so."""
    if _CONSTANT.match(said):
        assert not {of.operand.node, of.step.node} & set(topological([of.node])), said
    if re.search("diagonal|identity|vector sum|itself|: 0$|coefficient 1", said):
        check_numbers(numbers(of), said)
    written = expression(of.written.body if isinstance(of.written, Answer) else of.written).strip("-")
    if re.search("the Jacobian is (?!minus|a multiple|the matrix)", said):
        named = said.replace("(", "").partition("the Jacobian is ")[2]
        assert named == written.replace("(", "") or named.startswith(written.replace("(", "") + ";"), said
    if found := re.search(r"= \((.*)\) vec\(", said):
        assert found[1] in written, said


def check_numbers(got: Any, said: str) -> None:
    """The same for the numbers of a Jacobian."""
    identity = np.eye(*got.shape)
    off = got[identity == 0]
    if "not diagonal" in said:
        assert "by itself" in said or np.any(off != 0), said
    elif re.search("element-wise.*diagonal", said):
        assert got.shape[0] == got.shape[1], said
        assert not off.any(), said
    if "a multiple of the identity" in said:
        np.testing.assert_allclose(got, got[0, 0] * identity, err_msg=said)
    elif re.search("identity|^[^;]* is [^;]* itself", said):
        np.testing.assert_allclose(got, -identity if "minus" in said else identity, err_msg=said)
    if re.fullmatch("vector sum reduction.*coefficient 1", said):
        np.testing.assert_allclose(got, np.ones_like(got), err_msg=said)
    if re.match("one entry of|trace", said):
        assert set(np.unique(abs(got))) <= {0, abs(got).max()}, said
    if said.endswith(": 0"):
        assert not got.any(), said


CLAIMS = [*dict.fromkeys((text, wrt, where) for text, wrt, where, _, _ in CASES)]


@pytest.mark.parametrize(("text", "wrt", "where"), CLAIMS)
def test_claims(text: str, wrt: str, where: str) -> None:
    found = explaining(text, wrt, where)
    for each in every_local(found.combiner):
        check_claims(each, unmarked(rule(found.problem.inference, each)))


def test_false_claims_are_seen() -> None:
    """The check itself."""
    found = explaining("softmax(x)", "x", "x: vector(n)")
    (softmax,) = every_local(found.combiner)
    for wrong in ("power rule, element-wise: diagonal", "linear in x", "sum rule: the identity", "constant: 0"):
        with pytest.raises(AssertionError):
            check_claims(softmax, wrong)


# All problems of the corpus

RECORDS = [
    record
    for path in sorted(set(GOLDEN.glob("*.jsonl")) - {GOLDEN / "pending.jsonl"})
    for record in map(json.loads, path.read_text("utf-8").splitlines())
]


def names_of(steps: Steps, text: str) -> set[str]:
    """The names that a reason may mention."""
    found = set(re.findall(r"[^\W\d_]\w*", text))
    for step in (*steps.every(), *steps.variables):
        found |= {step.name, *(name for dim in step.shape.dims for name in dim.names)}
        if step.definition is not None:
            found |= set(re.findall(r"[^\W\d_]\w*", expression(step.definition)))
    return found


WORDS = {*"IKaijdσ", "tr", "is", "in", "of", "it", "by", "so", "to", "at", "on", "as", "do", "up", "no"}
PEOPLE = {"Jacobi", "Jacobian", "Golub", "Pereyra", "Kronecker"}


def strange(said: str, known: set[str]) -> set[str]:
    """What looks like a name in a reason, and is none of the problem's."""
    names = {name.rstrip("ᵀ⁻¹²′_F") for name in re.findall(r"(?<![\w'])[^\W\d_]\w*", said)} - {""}
    names = {name[1:] if name[1:] in known and name not in known else name for name in names}
    return {name for name in names if len(name) <= 2 or name[0].isupper()} - known - WORDS - PEOPLE


@pytest.mark.parametrize("record", [pytest.param(each, id=each["id"]) for each in RECORDS])
def test_corpus(record: dict[str, Any]) -> None:
    found = explaining(record["text"], record["wrt"], record["where"], dialect=record.get("dialect", "matcalc"))
    known = names_of(found.steps, f"{record['text']} {record['where']}") | {found.build.commutation}
    for each in every_local(found.combiner):
        for brief in (False, True):
            said = unmarked(rule(found.problem.inference, each, brief=brief))
            assert 0 < len(said) <= 120, said
            assert not re.search(r"\b([a-z]{2,}) \1\b", said), said
            assert not re.search("[{}]|  ", said), said
            assert not strange(said, known), said
        try:
            check_claims(each, unmarked(rule(found.problem.inference, each)))
        except MatcalcError:
            continue


# All operations of the table


def has_derivative(operation: Operation) -> bool:
    """Whether there is a derivative of it."""
    if isinstance(operation, Elementwise):
        return operation.derivatives is not None
    return isinstance(operation, (Derived, MatrixFunction, Multilinear)) and operation.name not in ("@", "juxtapose", "*")


@pytest.mark.parametrize("operation", [each for each in ALL if has_derivative(each)], ids=lambda each: each.name)
def test_table(operation: Operation) -> None:
    """What is not a function of numbers says how its derivative comes about, for each operand."""
    said = operation.rule
    smooth = isinstance(operation, Elementwise) and operation.kink is None
    if not smooth:
        assert said
    for each in (said,) if isinstance(said, str) else said:
        words = unmarked(each.format(u="u", other="v", kind="vector"))
        assert len(words) <= 95
        assert words == words.strip(" .;")


def test_every_operand_of_the_table_has_its_words() -> None:
    for operation in ALL:
        if isinstance(operation.rule, tuple):
            forms = getattr(operation, "forms", ())
            operands = forms[0].shapes.operands if forms else getattr(operation, "parameters", ())
            assert len(operation.rule) == len(operands), operation.name
