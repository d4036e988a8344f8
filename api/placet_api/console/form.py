"""What the form of a page sends: named texts, each of which may be there several times, and small files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from placet.errors import InvalidInput
from placet.query.storable import unstorable_in
from placet_api.body import read_bytes

_FORM, _PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
_MOST_MEMBERS = 2000
_MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Form:
    """The members of a form, in their order; a file counts as its text, unless it was asked for as `files`."""

    pairs: Sequence[tuple[str, str]] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return any(given == name for given, _ in self.pairs)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a name, without spaces round it."""
        return next((value.strip() for given, value in self.pairs if given == name), default)

    def raw(self, name: str) -> str:
        """The first value of a name as it was typed; empty where there is none."""
        return next((value for given, value in self.pairs if given == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a name, for boxes that can be ticked."""
        return [value for given, value in self.pairs if given == name]


async def read_form(
    receive: Receive, headers: Mapping[bytes, bytes], limit: int, as_bytes: Collection[str] = ()
) -> Form:
    """The form that a request brings, with the files of these names as they are.

    Raises `InvalidInput`, `TooLarge` or `UnsupportedEncoding`.
    """
    body = await read_bytes(receive, headers, limit)
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return Form()
    if kind == _FORM:
        return _checked(parse_pairs(body))
    if kind == _PARTS:
        return await _parse_parts(body, content_type, limit, as_bytes)
    raise InvalidInput(f"The content type {kind[:60]!r} is not read; send {_FORM} or {_PARTS}.")


def parse_pairs(text: bytes) -> list[tuple[str, str]]:
    """The pairs of a form or of an address."""
    try:
        return parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_MEMBERS)
    except UnicodeDecodeError:
        raise InvalidInput("What was sent is not UTF-8; write other characters as %XX of their UTF-8.") from None
    except ValueError:
        raise InvalidInput(f"Too many members were sent; at most {_MOST_MEMBERS} are read.") from None


def _checked(pairs: Sequence[tuple[str, str]], files: Mapping[str, bytes] | None = None) -> Form:
    for name, value in pairs:
        if (bad := unstorable_in(value)) is not None:
            raise InvalidInput(f"{name[:60]} has {bad}; nothing that is stored has one.")
    lines = [(name, value.replace("\r\n", "\n")) for name, value in pairs]  # browsers send lines with both
    return Form(lines, files or {})


async def _parse_parts(body: bytes, content_type: str, limit: int, as_bytes: Collection[str]) -> Form:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        Headers({"content-type": content_type}),
        stream(),
        max_files=_MOST_FILES,
        max_fields=_MOST_MEMBERS,
        max_part_size=limit,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, LookupError, UnicodeDecodeError):
        raise InvalidInput("The parts of the form cannot be read; send texts and files as RFC 7578 says.") from None
    pairs, files = list[tuple[str, str]](), dict[str, bytes]()
    for name, value in form.multi_items():
        if name in as_bytes and isinstance(value, UploadFile):
            files[name] = await value.read()
            await value.close()
        else:
            pairs.append((name, await _text(value)))
    return _checked(pairs, files)


async def _text(value: UploadFile | str) -> str:
    if isinstance(value, str):
        return value
    try:
        return (await value.read()).decode()
    except UnicodeDecodeError:
        raise InvalidInput(f"The file {(value.filename or '')[:60]!r} is not text in UTF-8.") from None
    finally:
        await value.close()
