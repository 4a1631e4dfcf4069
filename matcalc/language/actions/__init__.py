"""From what the grammar found to the syntax tree: one method for each rule."""

from __future__ import annotations

from matcalc.language.actions.declarations import DeclarationActions
from matcalc.language.actions.expressions import ExpressionActions
from matcalc.language.actions.series import SeriesActions


class Actions(ExpressionActions, SeriesActions, DeclarationActions):
    """Builds the tree of one text. The name of each public method is that of a rule in the grammar."""
