"""Files that never change under their address: it has a piece of their hash, so that browsers keep them for ever."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from placet_api.answers import Answer

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
_HASHED = 12  # hex digits in an address


class StaticFiles:
    """The files of the folder `static`, read once; `address("app.css")` is `app.1f0e….css`.

    Where a style sheet names another file as `url(name)`, it gets that one's address.
    """

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._answers: dict[str, Answer] = {}
        found = {name: file.read_bytes() for name, file in _walk(files(__package__).joinpath("static"))}
        for name in sorted(found, key=lambda each: each.endswith(".css")):  # these name others
            self._take(name, found[name])

    def address(self, name: str) -> str:
        """Where a file is, below `/static/`."""
        return self._addresses[name]

    def answer(self, address: str) -> Answer | None:
        """The file at an address; None where there is none."""
        return self._answers.get(address)

    def _take(self, name: str, content: bytes) -> None:
        stem, _, ending = name.rpartition(".")
        if ending == "css":
            for other, address in self._addresses.items():
                content = content.replace(f"url({other})".encode(), f"url({_up(name)}{address})".encode())
        address = f"{stem}.{sha256(content).hexdigest()[:_HASHED]}.{ending}"
        self._addresses[name] = address
        kind = (b"content-type", _TYPES[ending].encode())
        self._answers[address] = Answer(200, content, (kind, _FOR_EVER, (b"x-content-type-options", b"nosniff")))


@cache
def static_files() -> StaticFiles:
    """The files, which all applications of a program share."""
    return StaticFiles()


def _up(name: str) -> str:
    """The way from where a file is back to the folder of all."""
    return "../" * name.count("/")


def _walk(folder: Traversable, below: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _walk(each, f"{below}{each.name}/")
        elif each.name.rpartition(".")[2] in _TYPES:
            found.append((f"{below}{each.name}", each))
    return found
