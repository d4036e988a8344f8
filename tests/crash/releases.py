"""The release after this one, which is only in these tests: one more migration, and code that writes to its table.

Nothing in Placet knows of it: a child replaces the folder of migrations and a few functions before it starts.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import text

from placet import engine
from placet.store import migrate
from placet.store.batch import Batch
from placet.store.bulk import Inserts
from placet_api.cli import main
from tests.crash import node

#: What the next release has that this one has not, and leaves alone what this one knows.
MIGRATION = '''
"""Who moved a process last, by release."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{revision}", "{before}", None, None
{works_from}


def upgrade():
    op.add_column("process", sa.Column("importance", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_process_importance", "process", ["importance"])
    op.create_table("moved", sa.Column("release", sa.Text(), nullable=False), sa.Column("events", sa.Integer()))
'''
_MOVED = text("INSERT INTO moved (release, events) VALUES (:release, :events)")


def revision_after(revision: str) -> str:
    return f"{int(revision) + 1:04}"


def next_migrations(folder: Path, *, works_on_this: bool = True) -> Path:
    """A folder of migrations with one more, which says that this release works on its tables, or does not."""
    before = migrate.newest()
    revision = revision_after(before)
    shutil.copytree(migrate._FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    says = f'works_from = "{before}"' if works_on_this else ""
    migration = MIGRATION.format(revision=revision, before=before, works_from=says)
    (folder / "versions" / f"{revision}_next.py").write_text(migration)
    return folder


def become_next(migrations: Path) -> None:
    """Be the next release in this process."""
    release = f"{engine.__version__}.next"

    def write_more(write: Callable[[Batch], Inserts]) -> Callable[[Batch], Inserts]:
        def replaced(batch: Batch) -> Inserts:
            inserts = write(batch)
            batch.tx.execute(_MOVED, {"release": release, "events": len(batch.changes.events)})
            return inserts

        return replaced

    node.wrap(Batch, "_write", write_more)
    migrate._FOLDER, engine.__version__ = migrations, release


def serve(
    output: Connection,
    url: str,
    folder: Path,
    edge: str | None,
    nth: int,
    *,
    engine_id: str,
    migrations: Path | None = None,
) -> None:
    """`placet serve` of this release, or of the next where there is a folder of migrations."""
    if migrations is not None:
        become_next(migrations)
    node.serve_as(output, url, folder, edge, nth, engine_id=engine_id)


def command(
    output: Connection,
    url: str,
    folder: Path,
    edge: str | None,
    nth: int,
    *,
    arguments: Sequence[str],
    migrations: Path | None = None,
) -> None:
    """Any command of `placet` on the database, of this release or of the next."""
    node._redirect(output, folder)
    if migrations is not None:
        become_next(migrations)
    sys.exit(main.run([*arguments, "--database", url]))
