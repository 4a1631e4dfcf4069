"""The dataflow picture of a derivative: nodes with shapes, edges with local derivatives, the paths from variable to value."""

from matcalc.output.picture.collapse import collapsed
from matcalc.output.picture.dataflow import Dataflow, Edge, Vertex
from matcalc.output.picture.picture import Picture

__all__ = ["Dataflow", "Edge", "Picture", "Vertex", "collapsed"]
