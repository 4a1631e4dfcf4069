"""SVG to PNG, by resvg."""

from __future__ import annotations

import math
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from matcalc.errors import LimitError, NotSupportedError, UsageError
from matcalc.output.picture.layout import Size, missing
from matcalc.output.picture.svg import FAMILY

MOST_PIXELS = 100_000_000
"""Pixels of a PNG: 400 MB while it is made."""

_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">'
    f'<text y="16" font-size="16" font-family="{FAMILY}">{{}}</text></svg>'
)


def png(svg: str, size: Size, scale: float) -> bytes:
    """The document, which has this size, with so many pixels for each of its units, on white."""
    if not (math.isfinite(scale) and scale > 0):
        raise UsageError(f"the scale of a PNG is a positive number, not {scale!r}")
    if size.width * size.height * scale**2 > MOST_PIXELS:
        raise LimitError(f"a PNG has at most {MOST_PIXELS:,} pixels", help="a smaller scale, or SVG, which has any size")
    render = _resvg().svg_to_bytes
    fonts = _fonts()
    if render(svg_string=_PROBE.format("x"), font_dirs=fonts) == render(svg_string=_PROBE.format(""), font_dirs=fonts):
        raise NotSupportedError("PNG on a machine without a font for it", help="install DejaVu Serif, or save as .svg")
    image: bytes = render(svg_string=svg, zoom=scale, background="#ffffff", font_dirs=fonts)
    return image


def _fonts() -> list[str]:
    """The fonts that Matplotlib brings, if it is installed: DejaVu has every sign that is printed."""
    spec = find_spec("matplotlib")
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    return [str(fonts) for folder in folders if (fonts := Path(folder, "mpl-data", "fonts", "ttf")).is_dir()]


def _resvg() -> Any:
    """The library, which is imported only for PNG."""
    try:
        return import_module("resvg_py")
    except ImportError:
        raise missing("PNG without resvg_py") from None
