"""Functions of a whole vector or matrix with a derivative rule of their own, and constants and names without a rule yet.

The index letters of a Jacobian: first those of the value, then those of the operand.
"""

from __future__ import annotations

from typing import Any

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
    ),
    MatrixFunction(
        name="det", summary="determinant", forms=(Form("matrix(n, n) -> scalar"),), operand_indices="kl", value_indices="",
        jacobian=(JacobianTerm(1, (Factor("Y", ""), Factor("inv(X)", "lk"))),),
        evaluate=lambda np, a: np.linalg.det(a), latex=r"\det", sympy="Determinant", source="Matrix Cookbook, eq. 49",
    ),
    MatrixFunction(
        name="logdet", summary="logarithm of the determinant's absolute value", forms=(Form("matrix(n, n) -> scalar"),),
        operand_indices="kl", value_indices="", jacobian=(JacobianTerm(1, (Factor("inv(X)", "lk"),)),),
        evaluate=lambda np, a: np.linalg.slogdet(a)[1], latex=r"\log\det", source="Matrix Cookbook, eq. 57",
    ),
    MatrixFunction(
        name="logsumexp", summary="log(sum(exp(x)))", spellings=("lse",), forms=(Form("vector(n) -> scalar"),),
        operand_indices="i", value_indices="", jacobian=(JacobianTerm(1, (Factor("softmax(X)", "i"),)),),
        evaluate=lambda np, x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))), source="Boyd & Vandenberghe, section 3.1.5",
    ),
    MatrixFunction(
        name="softmax", summary="exp(x)/sum(exp(x))", forms=(Form("vector(n) -> vector(n)"),), operand_indices="j",
        value_indices="i",
        jacobian=(
            JacobianTerm(1, (Factor("Y", "i"), Factor("I", "ij"))), JacobianTerm(-1, (Factor("Y", "i"), Factor("Y", "j"))),
        ),
        evaluate=_softmax, source="Bishop, Pattern Recognition and Machine Learning, eq. 4.106",
    ),
)

PLANNED: tuple[Operation, ...] = (
    Planned(name="prod", summary="product of all elements"),
    Planned(name="norminf", summary="largest absolute value"),
    Planned(name="cumsum", summary="running sums"),
    Planned(name="cross", summary="cross product"),
    Planned(name="pinv", summary="pseudo-inverse", instead="inv(A' A) A' for a matrix of full column rank"),
    Planned(name="vec", summary="columns of a matrix under each other"),
    Planned(name="kron", summary="Kronecker product"),
    Planned(name="clip", summary="limit to an interval", instead="max(a, min(x, b))"),
    Planned(name="elu", summary="exponential linear unit", instead="where(x > 0, x, exp(x) - 1)"),
    Planned(name="leaky_relu", summary="leaky rectifier", instead="max(0.01*x, x)"),
    Planned(name="expm", summary="matrix exponential"),
    Planned(name="sqrtm", summary="matrix square root"),
)
