"""The queue of jobs that may run now, on PostgreSQL: PgQueuer's tables, written in the transactions of decisions.

A row of `job` is what is so. One that may run now has no `timer_at`, and in the queue a row that names it.
Transactions that write to both go through the rows of `job` first, and wait for none of the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.util import await_only

from placet.core.records import Job

if TYPE_CHECKING:
    from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
    from pgqueuer.domain.settings import DBSettings

SCHEMA = "pgqueuer"
#: Where it is told of new rows; another user of PgQueuer in the same database has another channel.
CHANNEL = "placet_jobs"

_SERVICES = "SELECT id, folded, service_id FROM connector WHERE folded = ANY($1::text[]) OR id = ANY($2::bytea[])"
#: A row that somebody else writes to just now stays: it goes when it is delivered.
_REMOVE = (
    f"DELETE FROM {SCHEMA}.pgqueuer WHERE id IN ("  # noqa: S608  # nothing in it is anybody's input
    f"SELECT id FROM {SCHEMA}.pgqueuer WHERE dedupe_key = ANY($1::text[]) AND dedupe_key IS NOT NULL"
    " AND status IN ('queued', 'picked') ORDER BY id FOR UPDATE SKIP LOCKED)"
)
#: PgQueuer writes down what becomes of each row, which nobody reads: what became of a job is among the events of its
#: process. It also tells of rows that go, and of statements that might have met some. The room that is made is first
#: for who has made it, and others look by themselves; who tells holds up all that do until his transaction is on disk.
#: Of its indexes three serve nothing that is asked here, and the server would rather go through all that waits by one
#: of them than by the one over the services.
_AS_WANTED = f"""
CREATE FUNCTION {SCHEMA}.placet_unlogged() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER placet_unlogged BEFORE INSERT ON {SCHEMA}.pgqueuer_log
    FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.placet_unlogged();
CREATE OR REPLACE TRIGGER tg_pgqueuer_changed AFTER INSERT ON {SCHEMA}.pgqueuer
    FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.fn_pgqueuer_changed();
DROP INDEX {SCHEMA}.pgqueuer_priority_id_id1_idx, {SCHEMA}.pgqueuer_updated_id_id1_idx, {SCHEMA}.pgqueuer_ep_ea_idx;
"""


@cache
def queue_settings() -> DBSettings:
    """Where PgQueuer finds its tables, whatever the environment says."""
    from pgqueuer.domain.settings import DBSettings, Durability  # here, since it takes long to load
    from pgqueuer.domain.types import Channel

    class Own(DBSettings):
        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, init_settings: Any, *args: Any, **others: Any) -> Any:
            return (init_settings,)

    # The numbers of a table that is not logged cannot be read any more where a standby was promoted.
    return Own(db_schema=SCHEMA, channel=Channel(CHANNEL), durability=Durability.durable)


@cache
def statements() -> QueryQueueBuilder:
    """What PgQueuer says to its tables."""
    from pgqueuer.adapters.persistence.qb import QueryQueueBuilder

    return QueryQueueBuilder(queue_settings())


def install(tx: Connection) -> None:
    """Make the tables of the queue."""
    from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

    scripts = QueryBuilderEnvironment(queue_settings())
    raw: Any = tx.connection.driver_connection
    for script in (scripts.build_install_query(), scripts.build_optimize_autovacuum_query(), _AS_WANTED):
        await_only(raw.execute(script))  # of many statements, which nothing else here sends at once


def queues(tx: Connection) -> bool:
    """Whether jobs that may run now go into a queue."""
    return tx.dialect.name == "postgresql"


def enqueue(tx: Connection, records: Sequence[Job]) -> list[Job]:
    """Have jobs run as soon as this transaction commits; gives those of which there is a row in the queue already."""
    if not records:
        return []
    from pgqueuer.adapters.persistence.queries import SyncQueries

    ordered = sorted(records, key=lambda each: (each.process_id, each.number))
    keys = [f"{each.process_id}:{each.number}" for each in ordered]
    rows = SyncQueries(_Transaction(tx), statements()).enqueue(
        _entrypoints(tx, ordered),
        [bytes.fromhex(each.process_id) + each.number.to_bytes(4, "big") for each in ordered],
        [0] * len(ordered),
        dedupe_key=[*keys],
        on_conflict="skip",
    )
    return [each for each, row in zip(ordered, rows, strict=True) if row is None]


def remove(tx: Connection, keys: Iterable[tuple[str, int]]) -> None:
    """Take jobs that are not to run any more out of the queue."""
    texts = [f"{process_id}:{number}" for process_id, number in keys]
    if texts:
        tx.exec_driver_sql(_REMOVE, (texts,))


class _Transaction:
    """The transaction as PgQueuer writes in it."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx

    def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return [dict(row) for row in self._tx.exec_driver_sql(query, args).mappings()]


def _entrypoints(tx: Connection, records: Iterable[Job]) -> list[str]:
    """What each job shares with others: the service that it calls, and its lane where there is none."""
    lanes = [each.lane or "" for each in records]
    called = {lane: lane.partition("/")[2] for lane in lanes if "/" in lane}
    if not called:
        return lanes
    names = sorted({*called.values()})
    ids = [bytes.fromhex(name) for name in names if _is_id(name)]
    found: dict[str, str] = {}
    for row in tx.exec_driver_sql(_SERVICES, (names, ids)):
        found[row.id.hex()] = found[row.folded] = f"service/{row.service_id.hex()}"
    return [found.get(called.get(lane, ""), lane) for lane in lanes]


def _is_id(name: str) -> bool:
    return len(name) == 32 and set(name) <= set("0123456789abcdef")
