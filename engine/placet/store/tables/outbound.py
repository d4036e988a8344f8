"""What leaves the house: connectors with what they sign in by, incidents, webhooks, and who wants which mail."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from placet.store.tables.base import metadata
from placet.store.types import Document, HexId, Moment, Serial

# How calls are signed: by nothing, Basic, an API key or OAuth 2.0.
auth_configuration = Table(
    "auth_configuration",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fields", Document, nullable=False),  # without those that are secret
    Column("secrets", LargeBinary),  # the secret ones as JSON, encrypted
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Index("uq_auth_configuration_folded", "folded", unique=True),
    sqlite_with_rowid=False,
)

# The tokens that others gave us, of the revision of the configuration that they were fetched with.
outbound_token = Table(
    "outbound_token",
    metadata,
    Column("configuration_id", HexId, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("tokens", LargeBinary, nullable=False),  # access and refresh token as JSON, encrypted
    Column("expires_at", Moment),
    Column("renewing_until", Moment),  # a node has a new one fetched; the others wait for it
    sqlite_with_rowid=False,
)

service = Table(
    "service",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("product_name", Text, nullable=False, server_default=""),
    Column("product_version", Text, nullable=False, server_default=""),
    Column("api_version", Text, nullable=False, server_default=""),
    Column("image", LargeBinary),
    Column("image_type", Text),
    Column("configuration_id", HexId),  # none: No Authentication
    Column("limits", Document, nullable=False),  # calls at once, and when its circuit breaks
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Index("uq_service_folded", "folded", unique=True),
    Index("ix_service_configuration_id", "configuration_id"),  # whether a configuration is in use
    sqlite_with_rowid=False,
)

connector = Table(
    "connector",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("service_id", HexId, nullable=False),
    Column("content", Document, nullable=False),  # the rest of a connector file
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Index("uq_connector_folded", "folded", unique=True),
    Index("ix_connector_service_id", "service_id"),  # the connectors of a service
    sqlite_with_rowid=False,
)

# What could not be done and waits for a person; resolved ones stay.
incident = Table(
    "incident",
    metadata,
    Column("process_id", HexId, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # connector, mail
    Column("activity", Text),
    Column("token", Integer, nullable=False),  # 0: nothing waits for it
    Column("opened_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", Document, nullable=False),  # of the job that failed, with its tries and what came back
    Column("resolved_at", Moment),
    Column("resolution", Text),  # retried, skipped, ended
    Column("actor", Integer),  # who resolved it
    Index(  # what is open, oldest first
        "ix_incident_open",
        "opened_at",
        "process_id",
        "number",
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
    sqlite_with_rowid=False,
)

# Who wants which notifications, where that is not what the definition says.
mail_choice = Table(
    "mail_choice",
    metadata,
    Column("user_id", HexId, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("wanted", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# Who is told of which events, and up to where in the order of all events he has been.
webhook = Table(
    "webhook",
    metadata,
    Column("id", HexId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", Document, nullable=False),  # kinds of events; none: all
    Column("filter", Text, nullable=False, server_default=""),
    Column("secret", LargeBinary, nullable=False),  # with the one before it, encrypted
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("trouble", Text),  # why it is not active, where nobody asked for that
    Column("place", Text, nullable=False),  # up to where events have become deliveries
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Index("uq_webhook_folded", "folded", unique=True),
    sqlite_with_rowid=False,
)

# Events on their way to a webhook. Of each process one at a time has a `next_at`, the others wait for it; what has
# arrived is removed, and what never did is dead.
webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("webhook_id", HexId, nullable=False),
    Column("process_id", HexId, nullable=False),
    Column("event_number", Integer, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Moment),
    Column("dead_at", Moment),
    Column("last_error", Text),
    Column("last_at", Moment),
    Column("held_until", Moment),  # by who has taken it; of the database's own time
    Index("uq_webhook_delivery_event", "webhook_id", "process_id", "event_number", unique=True),
    Index(
        "ix_webhook_delivery_next_at",
        "webhook_id",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index(  # the dead-letter list
        "ix_webhook_delivery_dead",
        "webhook_id",
        "id",
        sqlite_where=text("dead_at IS NOT NULL"),
        postgresql_where=text("dead_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)
