"""Small PNG files, with a palette of 256 colours."""

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Page

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE_SCRIPT = Path(__file__).with_name("palette.js")


def shrunk(picture: bytes, page: Page) -> bytes:
    """Return a PNG with at most 256 colours; a blank *page* decodes the input."""
    given = base64.b64encode(picture).decode()
    found = page.evaluate(PALETTE_SCRIPT.read_text("utf-8"), given)
    indices = base64.b64decode(found["indices"])
    return indexed_png(found["width"], bytes(found["palette"]), indices)


def indexed_png(width: int, palette: bytes, indices: bytes) -> bytes:
    """Return a PNG from a palette, three bytes per colour, and an index per pixel.

    https://www.w3.org/TR/png-3/#11Chunks
    """
    rows = [indices[at : at + width] for at in range(0, len(indices), width)]
    # Bit depth 8, colour type 3 (indexed), no interlacing.
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    # Each row begins with its filter: none.
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", data), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return (
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
    )
