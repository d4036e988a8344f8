"""Images of services: known by what they begin with, whatever they are said to be."""

from __future__ import annotations

from placet.errors import InvalidInput, TooLarge

MAX_BYTES = 256 * 1024


def media_type_of(content: bytes) -> str:
    """The media type of an image; raises `InvalidInput` for what is none that is kept, and `TooLarge`."""
    if len(content) > MAX_BYTES:
        raise TooLarge(f"The image has {len(content):,} bytes; at most {MAX_BYTES:,} are kept.")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise InvalidInput("This is no image that is kept; send a PNG, JPEG, GIF or WebP.")
