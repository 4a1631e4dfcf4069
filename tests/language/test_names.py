"""What each name is, and what calls are refused."""

from __future__ import annotations

import pytest

import matcalc as mc
from matcalc.errors import LimitError, MatcalcError, NotSupportedError, ShapeError, UnknownNameError
from matcalc.language.names import Resolution, resolve
from matcalc.language.parse import parse_declarations, parse_program, parse_targets
from matcalc.language.shapes import infer
from matcalc.language.tree import Index, IndexSum, Name, Number, postorder


def resolved(text: str, wrt: str = "", free: tuple[str, ...] = ()) -> Resolution:
    return resolve(parse_program(text), targets=parse_targets(wrt) if wrt else (), free=free)


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("w.x + b", "w variable, x variable, b variable"),
        ("z = w.x; z^2", "w variable, x variable, z binding"),
        ("sum(x)/n where x: vector(n)", "x variable, n dimension"),
        ("sum(x_i for i in 1..N)/N", "N dimension, x variable, N dimension"),
        ("pi*r^2", "pi constant, r variable"),
        ("π*r^2 where π: scalar", "π variable, r variable"),
        ("A + I", "A variable, I constant"),
        ("I*R where I: scalar", "I variable, R variable"),
        ("sum(ones(x_i) for i in 1..n)", "n dimension, x_i dimension"),
        ("x ones(n)'", "x variable, n dimension"),
        ("gamma*x + gamma(x)", "gamma variable, x variable, x variable"),
        ("x_i + x_1", "x_i variable, x_1 variable"),
        ("sum(x_i for i in 1..n) where x_i: scalar", "n dimension, x_i variable"),
        ("x_i = 2; sum(x_i + y_i for i in 1..n)", "n dimension, x_i binding, y variable"),
    ],
)
def test_roles(text: str, roles: str) -> None:
    found = resolved(text)
    nodes = [node for section in found.sections for node in section.order if isinstance(node, Name)]
    assert ", ".join(f"{node.name} {found.roles[node]}" for node in nodes) == roles


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("sum(x_i for i in 1..n)", ["x[i]"]),
        ("sum(X_ij for i in 1..n for j in 1..m)", ["X[i,j]"]),
        ("sum(x_hat_i for i in 1..n)", ["x_hat[i]"]),
        ("sum(X_i2 for i in 1..n)", ["X[i,2]"]),
        ("sum(x_ij for ij in 1..n)", ["x[ij]"]),
        ("sum(sum(X_ij for j in 1..m)*y_i for i in 1..n)", ["X[i,j]", "y[i]"]),
        ("sum(x_k for i in 1..n)", []),
    ],
)
def test_subscripts_that_are_bound_become_elements(text: str, elements: list[str]) -> None:
    found = []
    for node in postorder(resolved(text).program.body):
        if isinstance(node, Index):
            assert isinstance(node.operand, Name)
            written = [s for s in node.subscripts if isinstance(s, (Name, Number))]
            subscripts = [s.name if isinstance(s, Name) else str(s.value) for s in written]
            found.append(f"{node.operand.name}[{','.join(subscripts)}]")
    assert found == elements


def test_each_index_knows_its_clause() -> None:
    found = resolved("sum(x_i * sum(y_i for i in 1..M) for i in 1..N)")
    outer = found.program.body
    assert isinstance(outer, IndexSum)
    bounds = {clause.upper.name for clause in found.clauses.values() if isinstance(clause.upper, Name)}
    assert bounds == {"M", "N"}
    assert sum(clause is outer.clauses[0] for clause in found.clauses.values()) == 1


def test_what_does_not_change_is_not_rebuilt() -> None:
    program = parse_program("z = W x; z.z + norm(x)")
    assert resolve(program).program.body is program.body


def test_a_free_binding_is_a_variable() -> None:
    assert list(resolved("z = w.x + b; z^2", "z", ("z",)).variables) == ["w", "x", "b", "z"]
    assert list(resolved("z = w.x + b; z^2", "w").variables) == ["w", "x", "b"]
    assert resolved("z + 1", "z", ("z",)).free == frozenset()


def test_unknown_functions() -> None:
    functions = resolved("f(x(t), y(t)) + g_1(t) where h: elementwise").functions
    assert {name: (f.arity, f.of_t) for name, f in functions.items()} == {
        "x": (1, True), "y": (1, True), "f": (2, False), "g_1": (1, True),
    }  # fmt: skip


def test_extra_declarations_join() -> None:
    program = parse_program("n*x")
    found = resolve(program, declared=parse_declarations("x: vector(n)"))
    assert list(found.variables) == ["x"]
    assert len(found.program.declarations) == 1


@pytest.mark.parametrize(
    ("text", "kind", "message", "help_"),
    [
        ("sigmod(x)", UnknownNameError, "there is no function `sigmod`", "did you mean `sigmoid`?"),
        ("blorb(x)", UnknownNameError, "there is no function `blorb`",
         "for a product write `blorb (…)` with a space or `blorb*(…)`; for a function without a formula declare "
         "`blorb: elementwise`"),
        ("x'x - λ(x'x - 1)", UnknownNameError, "there is no function `λ`",
         "for a product write `λ (…)` with a space or `λ*(…)`; for a function without a formula declare `λ: elementwise`"),
        ("argmax(x)", UnknownNameError, "there is no function `argmax`",
         "it is no differentiable function; `max(x)` and `min(x)` are the values"),
        ("np.maximum(0, x)", UnknownNameError, "there is no function `maximum`", "write `max(a, b)`"),
        ("||x||_0", NotSupportedError, "not supported: `||x||_0`", "norms are defined for p ≥ 1; write `sum(x != 0)` to count"),
        ("norm(x, 0.5)", NotSupportedError, "not supported: `norm(x, 0.5)`", "norms are defined for p ≥ 1"),
        ("w(x+1) + w", UnknownNameError, "`w` is not a function", "write `w (…)` with a space or `w * (…)` for a product"),
        ("sin x", UnknownNameError, "`sin` is a function and needs its operands in brackets",
         "write `sin(…)`; for a variable of that name declare it, such as `sin: scalar`"),
        ("f + 1 where f: elementwise", UnknownNameError, "`f` is a function and needs its operands", "write `f(…)`"),
        ("log(x, y)", ShapeError, "`log` takes 1 operand, not 2", "log: natural logarithm"),
        ("dot(x)", ShapeError, "`dot` takes 2 operands, not 1", "dot: dot product"),
        ("f(x) + f(x, y)", ShapeError, "`f` takes 1 operand, not 2", None),
        ("g(x) where g: (R^n, R) -> R", ShapeError, "`g` takes 2 operands, not 1", None),
        ("max_i x_i where x: vector(n)", UnknownNameError, "`max_i` is not known",
         "write `max(… for i in 1..n)`; for a variable of that name declare it"),
        ("x_1^2 + x_2 where x: vector(n)", UnknownNameError, "`x_1` is not declared", "write `x[1]` for an element of `x`"),
        ("tr(X) + X_12 where X: matrix(n, n)", UnknownNameError, "`X_12` is not declared",
         "write `X[1, 2]` for an element of `X`"),
        ("sum(X, axis=2)", ShapeError, "an axis is 0, 1 or -1",
         "axis=0 runs down the columns of a matrix, axis=1 along its rows"),
        ("sin(X, axis=0)", NotSupportedError, "not supported: sin with axis=", None),
        ("sum(X, axes=0)", UnknownNameError, "`sum` has no option `axes`", None),
        ("sum(X, dim=0)", UnknownNameError, "`sum` has no option `dim`", "write `axis=`"),
        ("norm(x, ord=1)", UnknownNameError, "`norm` has no option `ord`", "write `norm(x, 1)`"),
        ("sum(X, keepdims=True)", UnknownNameError, "`sum` has no option `keepdims`", "it stands beside axis="),
        ("sum(X, axis=0, keepdims=2)", ShapeError, "keepdims is True or False", None),
        ("sum(X, 1)", ShapeError, "`sum` takes 1 operand, not 2", "write `sum(X, axis=1)`"),
        ("softmax(X, -1)", ShapeError, "`softmax` takes 1 operand, not 2", "write `softmax(X, axis=-1)`"),
        ("e(x)", NotSupportedError, "not supported: a unit vector whose position is not a number", "write e(1), e(2), …"),
        ("x[i]", NotSupportedError, "not supported: the subscript `i`",
         "a subscript is made of numbers, dimensions and the indices of sums; `A @ [u, v]` is a product"),
        ("x[0]", ShapeError, "a subscript is a positive integer, not 0", "elements are counted from 1"),
        ("sum(x_i for i in 1..N for i in 1..M)", ShapeError, "two clauses bind the same index `i`", None),
        ("z = z + 1; z", UnknownNameError, "`z` is defined in terms of itself", None),
        ("a = b; b = 2; a", UnknownNameError, "`b` is used before it is defined", None),
    ],
)  # fmt: skip
def test_refused(text: str, kind: type[MatcalcError], message: str, help_: str | None) -> None:
    with pytest.raises(kind) as caught:
        resolved(text)
    assert (caught.value.message, caught.value.help) == (message, help_)
    assert caught.value.span is not None


@pytest.mark.parametrize(
    ("text", "message", "place", "caption", "other"),
    [
        ("z = 1; z = 2; z", "`z` is defined twice", "z", "z is defined here first", "z"),
        ("x where x: vector(n), x: vector(m)", "`x` is declared twice, as vector(n) and as vector(m)", "x",
         "x is declared here as vector(n)", "x"),
        ("sum(x_i for i in 1..N) where N: scalar", "`N` is used as a dimension, but declared as scalar", "N",
         "N is declared here as scalar", "N"),
        ("n + x where x: vector(n), n: scalar", "`n` is declared as a scalar and also used as a dimension", "n",
         "n is a dimension here", "n"),
        ("N = 3; sum(x_i for i in 1..N)", "`N` is used as a dimension, but defined as a value", "N", "N is defined here", "N"),
        ("f(x) where f: scalar", "`f` is not a function", "f", "f is declared here as scalar", "f"),
    ],
)  # fmt: skip
def test_contradictions_point_at_both_places(text: str, message: str, place: str, caption: str, other: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        resolved(text)
    error = caught.value
    assert error.message == message
    assert error.span is not None
    assert error.related is not None
    assert error.span.excerpt == place
    assert (error.related[0], error.related[1].excerpt) == (caption, other)
    assert error.span.start != error.related[1].start


@pytest.mark.parametrize(
    ("text", "wrt", "message", "help_"),
    [
        ("w.x + b", "v", "`v` does not occur in the expression", None),
        ("sum(weights*x)", "weight", "`weight` does not occur in the expression", "did you mean `weights`?"),
        ("w.x", "x_1", "`x_1` does not occur in the expression", "write `x[1]` for an element of `x`"),
        ("w.x", "w + x", "not supported: a derivative by `w + x`, which is not a variable",
         "give the expression a name first: `z = …; …` and differentiate by z"),
        ("f(x)", "f", "not supported: a derivative by the function `f`", None),
        ("sum(x)/n where x: vector(n)", "n", "not supported: a derivative by the dimension `n`", None),
    ],
)  # fmt: skip
def test_targets_refused(text: str, wrt: str, message: str, help_: str | None) -> None:
    with pytest.raises(MatcalcError) as caught:
        resolved(text, wrt)
    assert (caught.value.message, caught.value.help) == (message, help_)


def test_a_target_is_a_variable_whatever_its_name() -> None:
    assert list(resolved("I*R", "I").variables) == ["I", "R"]
    assert list(resolved("x where q: scalar", "q").variables) == ["x", "q"]


def test_the_number_of_open_indices_is_limited() -> None:
    clauses = " ".join(f"for i{k} in 1..n" for k in range(13))
    with pytest.raises(LimitError, match="more than 12 indices are open at the same place"):
        resolved(f"sum(1 {clauses})")


def test_norm_with_a_number_is_the_norm_of_that_name() -> None:
    program = resolved("norm(x, 1) + norm(x, 2)").program
    assert [node.function for node in postorder(program.body) if hasattr(node, "function")] == ["norm1", "norm2"]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2*np.exp(x)/np.sum(np.exp(x))", "2*exp(x)/sum(exp(x))"),
        ("-np.linalg.norm(X @ w)**2", "-norm(X @ w)**2"),
        ("x . torch.nn.functional.softplus(x)", "x . softplus(x)"),
        ("math.log(x) + math.pi", "log(x) + pi"),
        ("np.dot(W, x) + scipy.special.expit(b)", "W @ x + expit(b)"),
        ("2 jnp.exp(x)", "2 exp(x)"),
    ],
)
def test_the_modules_of_functions_are_left_out(text: str, same: str) -> None:
    one, other = infer(parse_program(text)), infer(parse_program(same))
    assert one.assumptions() == other.assumptions()
    assert [type(node) for node in postorder(one.program.body)] == [type(node) for node in postorder(other.program.body)]


@pytest.mark.parametrize("text", ["np @ x", "np.exp(x) + np", "np.exp(x) where np: vector(n)", "np.T exp(x)", "np . exp(x)"])
def test_a_variable_with_the_name_of_a_module(text: str) -> None:
    assert "np" in resolved(text).variables


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("np.exp(x)", "np: vector(n)", "`np` is declared, but stands before a function as the name of a module"),
        ("np.einsum(x)", "", "there is no function `einsum`"),
        ("torch.var(x)", "", "not supported: `torch.var`, which divides by n - 1"),
    ],
)
def test_modules_that_are_refused(text: str, where: str, message: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        resolve(parse_program(text), declared=parse_declarations(where))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("-sum(p*log(p)) where p = softmax(x)", "p = softmax(x); -sum(p*log(p))"),
        ("sum(a) where a = tanh(z), z = W x", "z = W x; a = tanh(z); sum(a)"),
        ("z = W x; sum(z*c) where c = cos(z)", "z = W x; c = cos(z); sum(z*c)"),
        ("x' D x where D = diag(d)", "D = diag(d); x' D x"),
    ],
)
def test_definitions_in_the_where_clause(written: str, same: str) -> None:
    """They are no facts about free variables: the derivative goes through them."""
    assert str(mc.diff(written, "x")) == str(mc.diff(same, "x"))


def test_definitions_by_each_other() -> None:
    with pytest.raises(ShapeError, match="`a` and `b` are defined by each other"):
        mc.diff("sum(a) where a = b x, b = a.x", "x")


def test_transposed_twice() -> None:
    """`X^Tᵀ` is no power with the exponent T."""
    assert str(mc.diff("tr(A X^Tᵀ)", "X")) == "A"
    assert str(mc.diff("tr(A X^-Tᵀ X)", "A")) == "I"
