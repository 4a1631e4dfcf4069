"""Checking a derivative: the expression's *syntax tree*, evaluated and differentiated numerically at random points.

Nothing here knows the tensor graph or the calculus, so that it is a second opinion. Importing this room imports NumPy.
"""

from matcalc.verify.differences import numeric_derivative
from matcalc.verify.interpreter import value
from matcalc.verify.stand_ins import stand_in
from matcalc.verify.verification import Verification, verify

__all__ = ["Verification", "numeric_derivative", "stand_in", "value", "verify"]
