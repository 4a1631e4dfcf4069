"""The derivative by a matrix whose entries are bound to each other, made of the one by all entries."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from matcalc.calculus.symmetry import SYMMETRIC
from matcalc.language.declared import Symmetric
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Expression


@dataclass(frozen=True, slots=True)
class Structured:
    """A variable with structure, and the derivative that is meant: on the space of such matrices, or by independent entries."""

    name: str
    properties: frozenset[str]
    symmetric: Symmetric

    @property
    def remark(self) -> str:
        """What is done with the derivative by all entries, and why."""
        before = f"So far the entries of `{self.name}` varied freely. "
        if self.properties & SYMMETRIC and "diagonal" not in self.properties:
            if self.symmetric == "independent":
                return before + "An entry off the diagonal moves its mirror image too: both contribute, the diagonal once."
            return before + f"`{self.name}` is symmetric: on the space of such matrices the derivative is the symmetric part."
        kind = "diagonal" if "diagonal" in self.properties else "triangular"
        return before + f"`{self.name}` is {kind}: only the entries that may differ from 0 count."

    def projected(self, build: Builder, free: Expression) -> Expression:
        """(G + Gᵀ)/2, G + Gᵀ - I ⊙ G, I ⊙ G or a triangle of G, with G the derivative by all entries, by name."""
        shape = free.shape
        masked = build.make(notation.Hadamard, shape, (build.make(notation.Identity, shape), free), ())
        if "diagonal" in self.properties:
            return masked
        if self.properties & SYMMETRIC:
            turned = build.make(notation.Transpose, shape, free)
            if self.symmetric != "independent":
                both = build.make(notation.Sum, shape, (free, turned))
                return build.make(notation.Product, shape, Fraction(1, 2), (both,), ())
            once = build.make(notation.Product, shape, -1, (masked,), ())
            return build.make(notation.Sum, shape, (free, turned, once))
        triangle = "triu" if "lower_triangular" in self.properties else "tril"  # the layout turns it
        return build.make(notation.Function, shape, triangle, (free,))
