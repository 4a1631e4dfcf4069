"""Dataflows by hand, for the tests of the picture."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from matcalc.output.picture import Dataflow, Edge, Vertex
from matcalc.output.picture.dataflow import Formula, Kind

Row = tuple[str, str, str, str, Kind, bool]
Link = tuple[str, str, str]


def dataflow(title: str, rows: Sequence[Row], links: Sequence[Link], total: str, *paths: tuple[str, ...]) -> Dataflow:
    """Rows are vertices without LaTeX; a link with a label is active."""
    edges = tuple(Edge(source, target, label, bool(label)) for source, target, label in links)
    return Dataflow(title, tuple(Vertex(*row) for row in rows), edges, paths, (formula(total),) if total else ())


def formula(text: str) -> Formula:
    """`left = side = side`."""
    left, *sides = text.split(" = ")
    return Formula(left, tuple(sides))


def subscript(number: int) -> str:
    return "".join(chr(0x2080 + int(digit)) for digit in str(number))


def variable(key: str, name: str, shape: str = "") -> Row:
    return key, name, shape, "", "variable", True


def constant(key: str, name: str, shape: str = "") -> Row:
    return key, name, shape, "", "constant", False


def step(key: str, name: str, definition: str, shape: str = "") -> Row:
    return key, name, shape, definition, "intermediate", True


def value(key: str, name: str, definition: str) -> Row:
    return key, name, "", definition, "value", True


def two_paths() -> Dataflow:
    return dataflow(
        "y = sin(x + x²)",
        [
            variable("x1", "x"), variable("x2", "x"), step("u1", "u₁", "x²"), step("u2", "u₂", "x + u₁"),
            value("y", "y", "sin(u₂)"),
        ],
        [
            ("x1", "u1", "∂u₁/∂x = 2 x"), ("x2", "u2", "∂u₂/∂x = 1"), ("u1", "u2", "∂u₂/∂u₁ = 1"),
            ("u2", "y", "∂y/∂u₂ = cos(u₂)"),
        ],
        "dy/dx = 1 · cos(u₂) + 2 x · 1 · cos(u₂) = (1 + 2 x) cos(x + x²)",
        ("x2", "u2", "y"),
        ("x1", "u1", "u2", "y"),
    )  # fmt: skip


def single_path() -> Dataflow:
    return dataflow(
        "y = ln(sin(x³)²)",
        [
            variable("x", "x"), step("u1", "u₁", "x³"), step("u2", "u₂", "sin(u₁)"), step("u3", "u₃", "u₂²"),
            value("y", "y", "ln(u₃)"),
        ],
        [
            ("x", "u1", "∂u₁/∂x = 3 x²"), ("u1", "u2", "∂u₂/∂u₁ = cos(u₁)"), ("u2", "u3", "∂u₃/∂u₂ = 2 u₂"),
            ("u3", "y", "∂y/∂u₃ = 1/u₃"),
        ],
        "dy/dx = 3 x² · cos(u₁) · 2 u₂ · 1/u₃",
        ("x", "u1", "u2", "u3", "y"),
    )  # fmt: skip


def quadratic_form() -> Dataflow:
    return dataflow(
        "y = xᵀ A x",
        [
            variable("x1", "x", "ℝⁿ"), constant("A", "A", "ℝⁿˣⁿ"), variable("x2", "x", "ℝⁿ"), step("u1", "u₁", "A x", "ℝⁿ"),
            value("y", "y", "xᵀ u₁"),
        ],
        [("A", "u1", ""), ("x2", "u1", "∂u₁/∂x = A"), ("x1", "y", "∂y/∂x = u₁ᵀ"), ("u1", "y", "∂y/∂u₁ = xᵀ")],
        "dy/dx = u₁ᵀ + xᵀ A = xᵀ (A + Aᵀ)",
        ("x1", "y"),
        ("x2", "u1", "y"),
    )  # fmt: skip


def classifier() -> Dataflow:
    return dataflow(
        "L = -yᵀ log(softmax(W₂ max(0, W₁ x + b₁) + b₂))",
        [
            variable("W1", "W₁", "ℝᵐˣⁿ"), constant("x", "x", "ℝⁿ"), constant("b1", "b₁", "ℝᵐ"), constant("W2", "W₂", "ℝᵏˣᵐ"),
            constant("b2", "b₂", "ℝᵏ"), constant("t", "y", "ℝᵏ"), step("u1", "u₁", "W₁ x", "ℝᵐ"),
            step("z1", "z₁", "u₁ + b₁", "ℝᵐ"), step("a1", "a₁", "max(0, z₁)", "ℝᵐ"), step("u2", "u₂", "W₂ a₁", "ℝᵏ"),
            step("z2", "z₂", "u₂ + b₂", "ℝᵏ"), step("p", "p", "softmax(z₂)", "ℝᵏ"), step("q", "q", "log(p)", "ℝᵏ"),
            value("L", "L", "-yᵀ q"),
        ],
        [
            ("W1", "u1", "∂u₁/∂W₁ = xᵀ ⊗ I"), ("x", "u1", ""), ("u1", "z1", "∂z₁/∂u₁ = I"), ("b1", "z1", ""),
            ("z1", "a1", "∂a₁/∂z₁ = diag(1[z₁ > 0])"), ("a1", "u2", "∂u₂/∂a₁ = W₂"), ("W2", "u2", ""),
            ("u2", "z2", "∂z₂/∂u₂ = I"), ("b2", "z2", ""), ("z2", "p", "∂p/∂z₂ = diag(p) - p pᵀ"),
            ("p", "q", "∂q/∂p = diag(1/p)"), ("q", "L", "∂L/∂q = -yᵀ"), ("t", "L", ""),
        ],
        "dL/dW₁ = x (p - y)ᵀ W₂ diag(1[z₁ > 0])",
        ("W1", "u1", "z1", "a1", "u2", "z2", "p", "q", "L"),
    )  # fmt: skip


def network(depth: int, by: str = "x") -> Dataflow:
    """zₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(zₖ), differentiated by a leaf."""
    rows, links, before = [leaf("x", "x", by)], [], "x"
    for k in range(1, depth + 1):
        s, name = subscript(k), "x" if k == 1 else f"a{subscript(k - 1)}"
        rows += [leaf(f"W{k}", f"W{s}", by), leaf(f"b{k}", f"b{s}", by)]
        rows += [step(f"z{k}", f"z{s}", f"W{s} {name} + b{s}", "ℝⁿ"), step(f"a{k}", f"a{s}", f"tanh(z{s})", "ℝⁿ")]
        links += [(f"W{k}", f"z{k}", f"∂z{s}/∂W{s} = …" if by == f"W{k}" else ""), (before, f"z{k}", f"∂z{s}/∂{name} = W{s}")]
        links += [(f"b{k}", f"z{k}", ""), (f"z{k}", f"a{k}", f"∂a{s}/∂z{s} = diag(1 - a{s}²)")]
        before = f"a{k}"
    last = f"a{subscript(depth)}"
    links.append((before, "L", f"∂L/∂{last} = 2 {last}ᵀ"))
    return dataflow(f"L = ‖{last}‖²", [*rows, value("L", "L", f"‖{last}‖²")], links, f"dL/d{by} = …")


def leaf(key: str, name: str, by: str) -> Row:
    return variable(key, name, "ℝⁿ") if key == by else constant(key, name, "ℝⁿ")


def recurrent(length: int) -> Dataflow:
    """hₖ = tanh(W hₖ₋₁ + xₖ) by W, which is split."""
    rows, links = [constant("h0", "h₀")], []
    for k in range(1, length + 1):
        s, before = subscript(k), f"h{subscript(k - 1)}"
        rows += [variable(f"W{k}", "W"), constant(f"x{k}", f"x{s}"), step(f"h{k}", f"h{s}", f"tanh(W {before} + x{s})")]
        links += [(f"W{k}", f"h{k}", f"∂h{s}/∂W = …"), (f"h{k - 1}", f"h{k}", f"∂h{s}/∂{before} = D{s} W" if k > 1 else "")]
        links += [(f"x{k}", f"h{k}", "")]
    last = f"h{subscript(length)}"
    links.append((f"h{length}", "y", f"∂y/∂{last} = 2 {last}ᵀ"))
    return dataflow(f"y = ‖{last}‖²", [*rows, value("y", "y", f"‖{last}‖²")], links, "dy/dW = …")


def chain(length: int, functions: Sequence[str]) -> Dataflow:
    """Functions of functions, chosen by chance."""
    choose = random.Random(length).choice
    rows, links, before = [variable("x", "x")], [], "x"
    for k in range(1, length + 1):
        name, function = f"u{subscript(k)}", choose(functions)
        rows.append(step(f"u{k}", name, f"{function}({before})"))
        links.append(("x" if k == 1 else f"u{k - 1}", f"u{k}", f"∂{name}/∂{before} = {function}′({before})"))
        before = name
    links.append((f"u{length}", "y", f"∂y/∂{before} = 2"))
    return dataflow("y = …", [*rows, value("y", "y", f"2 {before}")], links, "dy/dx = …")


def wide(count: int, seed: int = 3, reach: int = 9) -> Dataflow:
    """A random graph of functions of two operands; what is not used goes into the value."""
    chance = random.Random(seed)
    rows = [variable(f"x{i}", "x", "ℝⁿ") for i in range(4)]
    rows += [constant(f"C{i}", f"C{subscript(i)}", "ℝⁿˣⁿ") for i in range(3)]
    links: list[Link] = []
    unused = {row[0]: row[1] for row in rows}
    for k in range(1, count - len(rows)):
        operands = chance.sample([(row[0], row[1]) for row in rows[-reach:]], 2)
        name = f"u{subscript(k)}"
        for key, operand in operands:
            unused.pop(key, None)
            label = f"∂{name}/∂{operand} = {chance.choice(('2', 'diag', 'cos', 'exp'))}({operand})"
            links.append((key, f"u{k}", "" if key.startswith("C") else label))
        rows.append(step(f"u{k}", name, f"f({', '.join(operand for _, operand in operands)})", "ℝⁿ"))
        unused[f"u{k}"] = name
    links += [(key, "y", "" if key.startswith("C") else f"∂y/∂{name} = g({name})") for key, name in unused.items()]
    return dataflow("y = f(…)", [*rows, value("y", "y", f"f({', '.join(unused.values())})")], links, "dy/dx = …")


FLOWS: dict[str, Callable[[], Dataflow]] = {
    "two paths": two_paths,
    "a single path": single_path,
    "a quadratic form": quadratic_form,
    "a classifier": classifier,
    "wide": lambda: wide(28),
    "a network": lambda: network(12),
    "a recurrent network": lambda: recurrent(20),
    "a chain": lambda: chain(40, ("sin", "cos", "exp", "ln")),
    "large": lambda: wide(300),
}
