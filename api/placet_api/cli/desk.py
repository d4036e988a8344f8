"""What commands about people and rights ask for: one port, answered by an engine on a database or by a running server.

The members of the views are those of `--format json`, but for the names that stand in tables alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from placet_api.cli.views import Named

if TYPE_CHECKING:
    from placet.directory.absences import NewAbsence
    from placet.directory.audit import Wanted
    from placet.directory.proxies import NewProxy


@dataclass(frozen=True, slots=True)
class RoleView:
    id: str
    code: str
    name: str
    status: str
    users: int


@dataclass(frozen=True, slots=True)
class UserView:
    """A user; a server does not tell `dn`: None."""

    user_name: str
    dn: str | None
    first_name: str
    last_name: str
    email: str
    role: str | None
    status: str


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user who is asked for; what is None is left as it comes."""

    user_name: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    due_on: str | None = None
    role: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AbsenceView:
    id: str
    person: Named
    delegate: Named
    category: str | None
    definition: str | None  # a DN
    from_at: datetime
    to_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProxyView:
    id: str
    person: Named
    proxy: Named
    from_at: datetime
    to_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AuditView:
    """An entry; `names` has what people call its actor and its target."""

    id: int
    at: datetime
    kind: str
    actor: str | None
    address: str
    target: str
    before: Any
    after: Any
    names: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ApplicationView:
    name: str
    client_id: str
    client_secret: str | None = field(repr=False)  # none: it is public
    description: str
    web_site: str
    redirect_uris: Sequence[str]
    owner: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application that is asked for; an `owner` of None is whoever acts, or the administrator."""

    name: str
    description: str
    web_site: str
    redirect_uris: Sequence[str]
    is_public: bool
    owner: str | None


class Desk(Protocol):
    """Every method may raise the errors of `placet.errors`."""

    async def roles(self) -> list[RoleView]: ...

    async def users(self, text: str, role: str | None, limit: int | None) -> list[UserView]:
        """Those with a text in one of their names, and with a role (by its code); by name."""

    async def add_user(self, new: NewUser) -> tuple[str, str]:
        """Add a user; gives his DN and the code of his role."""

    async def set_password(self, user: str, password: str) -> None: ...

    async def set_status(self, user: str, status: str) -> None: ...

    async def notifications(self, user: str) -> dict[str, bool]:
        """Whether a user wants each kind of notification."""

    async def choose(self, user: str, chosen: Mapping[str, bool]) -> dict[str, bool]:
        """Switch kinds of notifications on or off; gives what now holds of all."""

    async def absences(self) -> list[AbsenceView]: ...

    async def add_absence(self, wanted: NewAbsence) -> AbsenceView: ...

    async def remove_absence(self, absence_id: str) -> None: ...

    async def proxies(self) -> list[ProxyView]: ...

    async def add_proxy(self, wanted: NewProxy) -> ProxyView: ...

    async def remove_proxy(self, grant_id: str) -> None: ...

    async def audit(self, wanted: Wanted, limit: int | None) -> list[AuditView]: ...

    async def applications(self) -> list[ApplicationView]: ...

    async def register(self, wanted: NewApplication) -> ApplicationView: ...

    async def remove_application(self, client_id: str) -> None: ...
