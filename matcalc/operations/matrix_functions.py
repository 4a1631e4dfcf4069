"""Functions of a whole vector or matrix with a derivative rule of their own, and constants and names without a rule yet.

The index letters of a Jacobian: first those of the value, then those of the operand.
"""

from __future__ import annotations

from typing import Any

from matcalc.operations import exponentials
from matcalc.operations.derived import leads
from matcalc.operations.rows import Factor, Form, JacobianTerm, MatrixFunction, Operation, Planned


def _softmax(np: Any, x: Any) -> Any:
    shifted = np.exp(x - np.max(x))
    return shifted / np.sum(shifted)


MATRIX_FUNCTIONS: tuple[Operation, ...] = (
    MatrixFunction(
        name="inv", summary="inverse", spellings=("inverse",), forms=(Form("matrix(n, n) -> matrix(n, n)"),),
        operand_indices="kl", value_indices="ij",
        jacobian=(JacobianTerm(-1, (Factor("Y", "ik"), Factor("Y", "lj"))),),
        evaluate=lambda np, a: np.linalg.inv(a), source="Matrix Cookbook, eq. 60",
        rule="from `{u} {u}⁻¹ = I`: `d({u}⁻¹) = -{u}⁻¹ d{u} {u}⁻¹`",
    ),
    MatrixFunction(
        name="det", summary="determinant", forms=(Form("matrix(n, n) -> scalar"),), operand_indices="kl", value_indices="",
        jacobian=(JacobianTerm(1, (Factor("Y", ""), Factor("inv(X)", "lk"))),),
        evaluate=lambda np, a: np.linalg.det(a), latex=r"\det", sympy="Determinant", source="Matrix Cookbook, eq. 49",
        rule="Jacobi's formula: `d det({u}) = det({u}) tr({u}⁻¹ d{u})`",
    ),
    MatrixFunction(
        name="logdet", summary="logarithm of the determinant's absolute value", forms=(Form("matrix(n, n) -> scalar"),),
        operand_indices="kl", value_indices="", jacobian=(JacobianTerm(1, (Factor("inv(X)", "lk"),)),),
        evaluate=lambda np, a: np.linalg.slogdet(a)[1], latex=r"\log\det", source="Matrix Cookbook, eq. 57",
        rule="Jacobi's formula, divided by `det({u})`: `d logdet({u}) = tr({u}⁻¹ d{u})`",
    ),
    MatrixFunction(
        name="logsumexp", summary="log(sum(exp(x)))", spellings=("lse",),
        forms=(
            Form("vector(n) -> scalar"), Form("row(n) -> scalar"),
            Form("matrix(m, n) -> scalar", "logsumexp(logsumexp(X, axis=1))"),
        ),
        operand_indices="i", value_indices="", jacobian=(JacobianTerm(1, (Factor("softmax(X)", "i"),)),),
        evaluate=lambda np, x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))), source="Boyd & Vandenberghe, section 3.1.5",
        rule="derivative of `log`, then of each `exp`: the gradient is `softmax({u})`",
    ),
    MatrixFunction(
        name="softmax", summary="exp(x)/sum(exp(x))", forms=(Form("vector(n) -> vector(n)"), Form("row(n) -> row(n)")),
        operand_indices="j",
        value_indices="i",
        jacobian=(
            JacobianTerm(1, (Factor("Y", "i"), Factor("I_n", "ij"))), JacobianTerm(-1, (Factor("Y", "i"), Factor("Y", "j"))),
        ),
        is_distribution=True, evaluate=_softmax, source="Bishop, Pattern Recognition and Machine Learning, eq. 4.106",
        rule="every entry depends on every entry of `{u}`, through the normalising sum: not diagonal",
    ),
    MatrixFunction(
        name="prod", summary="product of all elements", operand_indices="i", value_indices="",
        forms=(
            Form("vector(n) -> scalar"), Form("row(n) -> scalar"), Form("matrix(m, n) -> scalar", "prod(prod(X, axis=1))"),
        ),
        jacobian=(JacobianTerm(1, (Factor("Y", ""), Factor("1/X", "i"))),),
        evaluate=lambda np, x: np.prod(x), latex=r"\operatorname{prod}", source="product rule",
        rule="product rule: each factor in turn, times the product of the others",
    ),
    MatrixFunction(
        name="amax", summary="largest element; of equal ones the first", text="max", latex=r"\max", operand_indices="i",
        value_indices="",
        forms=(
            Form("vector(n) -> scalar"), Form("row(n) -> scalar"), Form("matrix(m, n) -> scalar", "amax(amax(X, axis=1))"),
        ),
        jacobian=(JacobianTerm(1, (Factor("e_argmax(X)", "i"),)),), evaluate=lambda np, x: np.max(x), kink=leads,
        source="Boyd & Vandenberghe, Subgradients, section 3.4",
        rule="only the largest entry counts; of equal ones the first",
    ),
    MatrixFunction(
        name="amin", summary="smallest element; of equal ones the first", text="min", latex=r"\min", operand_indices="i",
        value_indices="",
        forms=(
            Form("vector(n) -> scalar"), Form("row(n) -> scalar"), Form("matrix(m, n) -> scalar", "amin(amin(X, axis=1))"),
        ),
        jacobian=(JacobianTerm(1, (Factor("e_argmax(-X)", "i"),)),), evaluate=lambda np, x: np.min(x),
        kink=lambda np, x: leads(np, -np.asarray(x)), source="Boyd & Vandenberghe, Subgradients, section 3.4",
        rule="only the smallest entry counts; of equal ones the first",
    ),
    MatrixFunction(
        name="e_argmax", summary="unit vector at the first of the largest elements",
        latex=r"\mathbf{e}_{\operatorname{argmax}{}}",
        operand_indices="j", value_indices="i", forms=(Form("vector(n) -> vector(n)"),), jacobian=(), is_distribution=True,
        evaluate=lambda np, x: np.reshape(np.arange(np.size(x)) == np.argmax(x), (-1, 1)).astype(float), kink=leads,
        source="constant but for ties",
        rule="constant, but for jumps where the largest entry changes",
    ),
    MatrixFunction(
        name="pinv", summary="pseudo-inverse; its derivative holds where the rank does not change",
        forms=(Form("matrix(m, n) -> matrix(n, m)"),), operand_indices="kl", value_indices="ij",
        jacobian=(
            JacobianTerm(-1, (Factor("Y", "ik"), Factor("Y", "lj"))),
            JacobianTerm(1, (Factor("Y @ Y'", "il"), Factor("I_m - X @ Y", "kj"))),
            JacobianTerm(1, (Factor("I_n - Y @ X", "il"), Factor("Y' @ Y", "kj"))),
        ),
        evaluate=lambda np, a: np.linalg.pinv(a), source="Golub & Pereyra (1973), eq. 4.12",
        rule="Golub and Pereyra's formula, where the rank does not change",
    ),
    MatrixFunction(
        name="skew", summary="the matrix of the cross product: skew(a) b = a × b",
        forms=(Form("vector(3) -> matrix(3, 3)"),), operand_indices="k", value_indices="ij",
        jacobian=(JacobianTerm(1, (Factor("[cross]", "ikj"),)),),
        evaluate=lambda np, a: np.cross(np.eye(3), np.reshape(a, -1)).T * -1, source="the cross product is linear",
        rule="linear: its entries are those of `{u}`, with signs",
    ),
    MatrixFunction(
        name="matrix_power", summary="power of a square matrix", integers=(1,), operand_indices="kl", value_indices="ij",
        forms=(Form("matrix(n, n), scalar -> matrix(n, n)"),), jacobian=(), frechet="powersum",
        evaluate=exponentials.power, source="Matrix Cookbook, eq. 91",
        rule=("product rule: each factor `{u}` in turn, with the powers to its left and right", ""),
    ),
    MatrixFunction(
        name="powersum", summary="derivative of Xᵏ in the direction E: Σᵣ Xʳ E Xᵏ⁻ʳ⁻¹, r from 0 to k - 1",
        forms=(Form("matrix(n, n), matrix(n, n), scalar -> matrix(n, n)"),), direction=1, integers=(2,),
        operand_indices="kl", value_indices="ij", jacobian=(), evaluate=exponentials.power_in_direction,
        source="Higham, Functions of Matrices, eq. 3.24",
        rule=("", "linear in `{u}`", ""),
    ),
    MatrixFunction(
        name="expm", summary="matrix exponential", forms=(Form("matrix(n, n) -> matrix(n, n)"),), operand_indices="kl",
        value_indices="ij", jacobian=(), frechet="expm_frechet", evaluate=exponentials.exponential,
        source="Higham, Functions of Matrices, section 10.2",
        rule="`{u}` need not commute with its change `d{u}`: an integral over the place of `d{u}`",
    ),
    MatrixFunction(
        name="expm_frechet", summary="derivative of expm in the direction E: ∫₀¹ expm(s X) E expm((1 - s) X) ds",
        forms=(Form("matrix(n, n), matrix(n, n) -> matrix(n, n)"),), direction=1, operand_indices="kl", value_indices="ij",
        jacobian=(), evaluate=exponentials.exponential_in_direction, source="Higham, Functions of Matrices, eq. 10.15",
        rule=("", "linear in `{u}`"),
    ),
)

PLANNED: tuple[Operation, ...] = (
    Planned(name="sqrtm", summary="matrix square root"),
)
