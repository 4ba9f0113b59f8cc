"""Makes a picture of a page small: a palette of at most 256 colours instead of full ones.

Pages have few colours, and text on them stays sharp. Nothing but the standard library is needed.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST = 256
Colour = tuple[int, int, int]


def with_palette(file: Path) -> None:
    """Rewrite a PNG of eight bits per colour, as browsers make it; transparency is dropped."""
    chunks = list(_chunks(file.read_bytes()))
    width, height, depth, kind, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or kind not in (2, 6) or rest[2]:
        raise ValueError(f"{file.name}: neither RGB nor RGBA with eight bits, or interlaced")
    size = 4 if kind == 6 else 3
    raw = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    lines = _lines(raw, width * size, size)
    pixels = [list(zip(line[0::size], line[1::size], line[2::size], strict=True)) for line in lines]
    palette, place = _palette(Counter(pixel for line in pixels for pixel in line))
    data = b"".join(b"\0" + bytes(place[pixel] for pixel in line) for line in pixels)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(bytes(colour) for colour in palette)),
        (b"IDAT", zlib.compress(data, 9)),
        (b"IEND", b""),
    ]
    file.write_bytes(SIGNATURE + b"".join(_chunk(*part) for part in parts))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _lines(raw: bytes, length: int, size: int) -> Iterator[bytearray]:
    """The lines without the filter that each was stored with."""
    above = bytearray(length)
    for start in range(0, len(raw), length + 1):
        line = bytearray(raw[start + 1 : start + 1 + length])
        _unfilter(raw[start], line, above, size)
        yield line
        above = line


def _unfilter(kind: int, line: bytearray, above: bytearray, size: int) -> None:
    for n in range(len(line)) if kind else ():
        left, corner = (line[n - size], above[n - size]) if n >= size else (0, 0)
        guess = (left, above[n], (left + above[n]) // 2, _paeth(left, above[n], corner))[kind - 1]
        line[n] = (line[n] + guess) & 255


def _paeth(left: int, above: int, corner: int) -> int:
    middle = left + above - corner
    return min((left, above, corner), key=lambda one: abs(middle - one))


def _palette(counts: Counter[Colour]) -> tuple[list[Colour], dict[Colour, int]]:
    """The most frequent colours, none almost like another, and which stands for each colour."""
    chosen: dict[Colour, Colour] = {}
    for colour, _ in counts.most_common():
        if len(chosen) < MOST:
            chosen.setdefault((colour[0] >> 3, colour[1] >> 3, colour[2] >> 3), colour)
    palette = list(chosen.values())
    return palette, {colour: _nearest(colour, palette) for colour in counts}


def _nearest(colour: Colour, palette: list[Colour]) -> int:
    red, green, blue = colour
    away = [(r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2 for r, g, b in palette]
    return away.index(min(away))
