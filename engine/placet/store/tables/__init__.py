"""The tables. Every key begins with the process id, so that processes can be spread over databases.

People and engines are interned: a row holds the number of a `name`. Every index is asked for by a query that is
named beside it. Migrations make these tables; a test holds both equal.
"""

from __future__ import annotations

from placet.store.tables.access import (
    absence,
    application,
    audit,
    permission,
    proxy_grant,
    role,
    role_permission,
    session,
    token,
)
from placet.store.tables.base import counter, definition, metadata, name
from placet.store.tables.nodes import engine_node, lane_mark
from placet.store.tables.outbound import (
    auth_configuration,
    connector,
    incident,
    mail_choice,
    outbound_token,
    service,
    webhook,
    webhook_delivery,
)
from placet.store.tables.people import former_name, group_member, user_account, user_group
from placet.store.tables.processes import data_value, former_addressee, job, process, start_key, work_item
from placet.store.tables.trail import RARE_KINDS, comment, event, is_rare
from placet.store.tables.views import saved_view

__all__ = [
    "RARE_KINDS",
    "absence",
    "application",
    "audit",
    "auth_configuration",
    "comment",
    "connector",
    "counter",
    "data_value",
    "definition",
    "engine_node",
    "event",
    "former_addressee",
    "former_name",
    "group_member",
    "incident",
    "is_rare",
    "job",
    "lane_mark",
    "mail_choice",
    "metadata",
    "name",
    "outbound_token",
    "permission",
    "process",
    "proxy_grant",
    "role",
    "role_permission",
    "saved_view",
    "service",
    "session",
    "start_key",
    "token",
    "user_account",
    "user_group",
    "webhook",
    "webhook_delivery",
    "work_item",
]
