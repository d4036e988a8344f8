"""What commands about connectors ask for: one port, answered by an engine on a database or by a running server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from placet.connectors.reading import Contents

Of = Literal["connectors", "services", "configurations"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportView:
    added: int
    changed: int
    same: int
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TrialView:
    """How a test went; `shown` is the request, the response and the result."""

    ok: bool
    message: str
    shown: Mapping[str, Any] = field(repr=False)


class ConnectorDesk(Protocol):
    """Every method may raise the errors of `placet.errors`; names are as people give them."""

    async def every(self, of: Of) -> list[Row]:
        """Id, name and the most telling keys of each, by name."""

    async def remove(self, of: Of, name: str) -> None: ...

    async def test(self, of: Of, name: str, inputs: Mapping[str, str]) -> TrialView: ...

    async def export(self, names: Sequence[str]) -> dict[str, Any]:
        """The sections of a connector file."""

    async def import_(self, contents: Contents) -> ImportView: ...

    async def openapi(
        self, text: str, service: str, operations: Sequence[str], url: str | None
    ) -> tuple[list[Row], ImportView]:
        """The operations of a document, and what was made of it."""

    async def set_secret(self, configuration: str, field: str, text: str) -> None: ...

    async def set_image(self, service: str, content: bytes | None) -> None: ...
