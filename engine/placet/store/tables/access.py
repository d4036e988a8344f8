"""How people get in: roles and permissions, applications, tokens and sessions; and who stands in for whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, text

from placet.store.tables.base import metadata
from placet.store.types import Document, HexId, Moment, Serial

role = Table(
    "role",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("code", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="ACTIVE"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Column("changed", BigInteger, nullable=False, server_default=text("0")),  # itself or its permissions
    Index("ix_role_changed", "changed"),
    Index("uq_role_folded", "folded", unique=True),
    sqlite_with_rowid=False,
)

permission = Table(
    "permission",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="ACTIVE"),
    Index("uq_permission_code", "code", unique=True),
    sqlite_with_rowid=False,
)

role_permission = Table(
    "role_permission",
    metadata,
    Column("role_id", HexId, primary_key=True),
    Column("permission_id", HexId, primary_key=True),
    sqlite_with_rowid=False,
)

application = Table(
    "application",
    metadata,
    Column("id", Text, primary_key=True),  # the client_id of OAuth 2.0
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("web_site", Text, nullable=False, server_default=""),
    Column("redirect_uris", Document, nullable=False),
    Column("owner", HexId, nullable=False),  # the user whose rights its own tokens have
    Column("secret", LargeBinary),  # encrypted; none for a public client, which has to use PKCE
    Column("created_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# Access tokens, refresh tokens and authorization codes, each by the SHA-256 of what its holder shows.
token = Table(
    "token",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("kind", Text, nullable=False),  # access, refresh, replaced, code, ticket
    Column("application", Text, nullable=False),
    Column("user_id", HexId, nullable=False),
    Column("scope", Text),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("origin", LargeBinary(32), nullable=False),  # the same for all that came of one code, or of one sign-in
    Column("detail", Document),  # of a code: where it was sent, and its PKCE challenge
    Index("ix_token_expires_at", "expires_at"),  # expired ones are removed
    Index("ix_token_user_id", "user_id"),  # a changed password ends all of a user's
    Index("ix_token_application", "application"),  # and so does removing an application
    Index("ix_token_origin", "origin"),  # and a code that is used twice, or a refresh token that is taken back
    sqlite_with_rowid=False,
)

session = Table(
    "session",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("user_id", HexId, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),  # moved on now and then, for the idle lifetime
    Column("expires_at", Moment, nullable=False),
    Index("ix_session_expires_at", "expires_at"),
    Index("ix_session_user_id", "user_id"),
    sqlite_with_rowid=False,
)

# Whose work goes to whom for a time: of all definitions, of one category, or of one definition.
absence = Table(
    "absence",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("user_id", HexId, nullable=False),
    Column("delegate_id", HexId, nullable=False),
    Column("category", Text),
    Column("definition", Text),  # a DN
    Column("from_at", Moment, nullable=False),
    Column("to_at", Moment),  # none: until it is removed
    Column("created_at", Moment, nullable=False),
    Index("ix_absence_to_at", "to_at"),  # which have ended since somebody looked last
    Index("ix_absence_user_id", "user_id"),
    sqlite_with_rowid=False,
)

# Who may start processes as somebody's proxy.
proxy_grant = Table(
    "proxy_grant",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("user_id", HexId, nullable=False),  # in whose name
    Column("proxy_id", HexId, nullable=False),  # who may
    Column("from_at", Moment, nullable=False),
    Column("to_at", Moment),
    Column("created_at", Moment, nullable=False),
    Index("ix_proxy_grant_user_id", "user_id"),
    sqlite_with_rowid=False,
)

# What was changed about people and rights, and what was refused; rows are only ever added.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),  # such as role.created, sign_in.refused
    Column("actor", Text),  # a DN or the name that was tried; none: the engine itself, or whoever holds the database
    Column("address", Text, nullable=False, server_default=""),
    Column("target", Text, nullable=False, server_default=""),
    Column("before", Document),
    Column("after", Document),
    Index("ix_audit_at", "at", "id"),
    Index("ix_audit_actor", "actor", "at", "id"),
    Index("ix_audit_target", "target", "at", "id"),
    Index("ix_audit_kind", "kind", "at", "id"),
)
