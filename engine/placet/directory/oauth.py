"""OAuth 2.0 as one thing: applications, how they come to tokens, and who stands behind those."""

from __future__ import annotations

from collections.abc import Callable

from placet.clock import Clock
from placet.core.people import Directory
from placet.directory.applications import Applications
from placet.directory.authorizations import Authorizations
from placet.directory.database import Database
from placet.directory.grants import Grants
from placet.directory.secrets import Vault
from placet.directory.sign_in import SignIn
from placet.directory.tokens import Tokens


class OAuth:
    """The parts, made for each other; `directory` gives the people as they are known."""

    def __init__(
        self, database: Database, clock: Clock, vault: Vault, sign_in: SignIn, directory: Callable[[], Directory]
    ) -> None:
        self.tokens = Tokens(database, clock, lambda: directory().version)
        self.applications = Applications(database, clock, vault, self.tokens.forget)
        self.authorizations = Authorizations(database, clock, self.applications)
        self.grants = Grants(database, clock, sign_in, self.applications, self.tokens, directory)
