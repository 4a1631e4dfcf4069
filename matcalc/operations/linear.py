"""Linear algebra and reductions: each shape an operation takes, with the contraction that it is (Einstein notation)."""

from __future__ import annotations

from typing import Any

from matcalc.operations.rows import Form, Multilinear, Operation

_PRODUCT = (
    Form("vector(n), vector(n) -> scalar", "i,i->"),
    Form("row(n), vector(n) -> scalar", "i,i->"),
    Form("matrix(m, n), vector(n) -> vector(m)", "ij,j->i"),
    Form("row(m), matrix(m, n) -> row(n)", "i,ij->j"),
    Form("matrix(m, k), matrix(k, n) -> matrix(m, n)", "ij,jk->ik"),
    Form("vector(m), row(n) -> matrix(m, n)", "i,j->ij"),
)

_SCALING = (
    Form("scalar, scalar -> scalar", ",->"),
    Form("scalar, vector(n) -> vector(n)", ",i->i"),
    Form("vector(n), scalar -> vector(n)", "i,->i"),
    Form("scalar, row(n) -> row(n)", ",i->i"),
    Form("row(n), scalar -> row(n)", "i,->i"),
    Form("scalar, matrix(m, n) -> matrix(m, n)", ",ij->ij"),
    Form("matrix(m, n), scalar -> matrix(m, n)", "ij,->ij"),
)

_HADAMARD = (
    Form("vector(n), vector(n) -> vector(n)", "i,i->i"),
    Form("row(n), row(n) -> row(n)", "i,i->i"),
    Form("matrix(m, n), matrix(m, n) -> matrix(m, n)", "ij,ij->ij"),
)


def _product(np: Any, a: Any, b: Any) -> Any:
    a, b = np.asarray(a), np.asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.shape[1] == 1 and b.shape[1] == 1 and a.shape[0] == b.shape[0]:
        return (a.T @ b)[0, 0]
    value = a @ b
    return value[0, 0] if a.shape[0] == 1 and b.shape[1] == 1 else value


LINEAR: tuple[Operation, ...] = (
    Multilinear(name="@", summary="product of linear algebra", forms=_PRODUCT, evaluate=_product),
    Multilinear(
        name="juxtapose", summary="product of linear algebra, or scaling", forms=_SCALING + _PRODUCT, evaluate=_product
    ),
    Multilinear(
        name="*", summary="element-wise product", forms=_SCALING + _HADAMARD, evaluate=lambda np, a, b: np.multiply(a, b)
    ),
    Multilinear(
        name="transpose", summary="transpose",
        forms=(
            Form("scalar -> scalar", "->"), Form("vector(n) -> row(n)", "i->i"), Form("row(n) -> vector(n)", "i->i"),
            Form("matrix(m, n) -> matrix(n, m)", "ij->ji"),
        ),
        evaluate=lambda np, a: np.transpose(a),
        rule="linear: the same entries in other places",
    ),
    Multilinear(
        name="sum", summary="sum of all elements",
        forms=(
            Form("vector(n) -> scalar", "i->"), Form("row(n) -> scalar", "i->"), Form("matrix(m, n) -> scalar", "ij->"),
        ),
        evaluate=lambda np, a: np.sum(a), code="sum",
        rule="{kind} sum reduction: every entry has coefficient 1",
    ),
    Multilinear(
        name="dot", summary="dot product", forms=(Form("vector(n), vector(n) -> scalar", "i,i->"),), evaluate=_product,
        rule=(
            "dot product: linear in `{u}`, with coefficients `{other}`",
            "dot product: linear in `{u}`, with coefficients `{other}`",
        ),
    ),
    Multilinear(
        name="outer", summary="outer product", forms=(Form("vector(m), vector(n) -> matrix(m, n)", "i,j->ij"),),
        evaluate=lambda np, a, b: np.outer(a, b),
        rule=(
            "outer product: each entry is one of `{u}` times one of `{other}`",
            "outer product: each entry is one of `{u}` times one of `{other}`",
        ),
    ),
    Multilinear(
        name="tr", summary="trace", spellings=("trace", "Tr"), forms=(Form("matrix(n, n) -> scalar", "ii->"),),
        evaluate=lambda np, a: np.trace(a), latex=r"\operatorname{tr}", code="trace",
        rule="trace: linear; diagonal entries have coefficient 1, the others 0",
    ),
    Multilinear(
        name="diag", summary="diagonal matrix of a vector; diagonal of a matrix",
        forms=(Form("vector(n) -> matrix(n, n)", "i,eye[ij]->ij"), Form("matrix(n, n) -> vector(n)", "ii->i")),
        evaluate=lambda np, a: np.diagflat(a) if np.shape(a)[1] == 1 else np.reshape(np.diagonal(a), (-1, 1)),
        rule="linear: entries of `{u}` in other places",
    ),
    Multilinear(
        name="tril", summary="lower triangle, diagonal included, with zeros above",
        forms=(Form("matrix(n, n) -> matrix(n, n)", "ij,lower[ij]->ij"),), evaluate=lambda np, a: np.tril(a), code="tril",
        rule="linear: entries on and below the diagonal stay, the others become 0",
    ),
    Multilinear(
        name="triu", summary="upper triangle, diagonal included, with zeros below",
        forms=(Form("matrix(n, n) -> matrix(n, n)", "ij,lower[ji]->ij"),), evaluate=lambda np, a: np.triu(a), code="triu",
        rule="linear: entries on and above the diagonal stay, the others become 0",
    ),
    Multilinear(
        name="cumsum", summary="running sums", forms=(Form("vector(n) -> vector(n)", "j,lower[ij]->i"),),
        evaluate=lambda np, x: np.cumsum(x, axis=0), code="cumsum",
        rule="linear: entry `i` adds up entries 1 to `i`, so there are ones on and below the diagonal",
    ),
    Multilinear(
        name="vec", summary="the columns of a matrix under each other",
        forms=(Form("matrix(m, n) -> vector(m*n)", "ij,pair[aij]->a"),),
        evaluate=lambda np, a: np.reshape(a, (-1, 1), order="F"), latex=r"\operatorname{vec}",
        rule="linear: the same entries, stacked",
    ),
    Multilinear(
        name="kron", summary="Kronecker product",
        forms=(
            Form("matrix(m, n), matrix(p, q) -> matrix(p*m, q*n)", "ij,kl,pair[aki],pair[blj]->ab"),
            Form("vector(m), vector(p) -> vector(p*m)", "i,k,pair[aki]->a"),
            Form("vector(m), row(q) -> matrix(m, q)", "i,l->il"),
        ),
        evaluate=lambda np, a, b: np.kron(a, b), code="kron",
        rule=(
            "Kronecker product: each entry is one of `{u}` times one of `{other}`",
            "Kronecker product: each entry is one of `{u}` times one of `{other}`",
        ),
    ),
)
