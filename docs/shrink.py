"""Make the pictures of these pages from those of full runs: ``python docs/shrink.py NAME=FILE ...``

Writes pictures/NAME.png, 1300 pixels wide and with 64 colours, so that a page loads at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

WIDTH, COLOURS = 1300, 64


def shrink(source: Path, target: Path) -> None:
    """Write a picture smaller."""
    picture = Image.open(source).convert("RGB")
    if picture.width > WIDTH:
        size = (WIDTH, round(picture.height * WIDTH / picture.width))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    target.parent.mkdir(exist_ok=True)
    picture.quantize(COLOURS).save(target, optimize=True)


for given in sys.argv[1:]:
    name, _, file = given.partition("=")
    shrink(Path(file), Path(__file__).parent / "pictures" / f"{name}.png")
