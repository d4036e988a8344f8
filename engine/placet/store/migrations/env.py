"""Run by Alembic: the connection comes from `placet.store.migrate`, never from a configuration file."""

from __future__ import annotations

from alembic import context

from placet.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction is around it all
)
context.run_migrations()
