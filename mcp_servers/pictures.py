"""Pictures as image content, small enough for every client."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_types import CallToolResult, ImageContent
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    import PIL.Image

MAX_BYTES = 27_000
"""A picture is sent as base64, four characters for three bytes, and fits into an answer with that."""

_COLOURS = 32
_WIDTHS = (1000, 800, 640, 480, 320)


class Picture(BaseModel):
    """What the image shows. `others`: names of further pictures."""

    title: str
    synthetic: bool = Field(description="true: generated candles")
    width: int
    height: int
    path: str = Field(description="the file in full size")
    others: list[str] = []
    next_step: str


def as_image(path: Path, title: str, synthetic: bool, next_step: str, others: list[str]) -> CallToolResult:
    """The PNG at `path`, with fewer colours and pixels if it is large.

    Raises:
        OSError: it cannot be read.
    """
    from PIL import Image

    with Image.open(path) as opened:
        full = opened.convert("RGB")
    for width in _WIDTHS:
        data = _encoded(full, min(width, full.width))
        if len(data) <= MAX_BYTES:
            break
    with Image.open(io.BytesIO(data)) as sent:
        size = sent.size
    answer = Picture(
        title=title,
        synthetic=synthetic,
        width=size[0],
        height=size[1],
        path=str(path),
        others=others,
        next_step=next_step,
    )
    image = ImageContent(type="image", data=base64.b64encode(data).decode("ascii"), mime_type="image/png")
    return CallToolResult(content=[image], structured_content=answer.model_dump(mode="json"))


def _encoded(full: "PIL.Image.Image", width: int) -> bytes:
    from PIL import Image

    height = round(full.height * width / full.width)
    reduced = full.resize((width, height), Image.Resampling.LANCZOS).quantize(_COLOURS)
    buffer = io.BytesIO()
    reduced.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
