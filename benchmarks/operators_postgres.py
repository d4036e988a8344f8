"""What operators ask of a million processes on PostgreSQL: the queries and figures of `operators`."""

from __future__ import annotations

import asyncio
import os

from fill import Kind, filled
from fill_postgres import copy_to, postgresql
from operators import REPEATS, depths, examples, figures, pages, served
from workspace import Workspace


def run(space: Workspace) -> None:
    database = filled(Kind(100_000 if space.quick else 1_000_000, detailed=True))
    repeats = min(space.repeats, REPEATS)
    with space.scratch() as folder:
        os.chmod(folder, 0o777)  # the server runs as somebody else
        with postgresql(folder) as address:
            url = f"{address}/postgres"
            copy_to(database, url)
            with served(url, folder) as server:
                pages(space, server, repeats)
                examples(space, server, repeats)
                depths(space, server, database, repeats)
            asyncio.run(figures(space, url, repeats))
