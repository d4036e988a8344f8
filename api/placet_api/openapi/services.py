"""Every service of the application, in the order of the page."""

from __future__ import annotations

from collections.abc import Sequence

from placet_api.admin import engine_operations as engines
from placet_api.admin import incident_operations as incidents
from placet_api.admin import operations as admin
from placet_api.admin import query_operations as queries
from placet_api.admin import webhook_operations as webhooks
from placet_api.admin.connectors import operations as connectors
from placet_api.openapi import health
from placet_api.openapi.operation import ServiceOperations
from placet_api.processmaker import oauth_operations as oauth
from placet_api.processmaker import operations as people
from placet_api.ris import operations as ris

SERVICES: Sequence[ServiceOperations] = (
    ris.OPERATIONS,
    admin.OPERATIONS,
    queries.OPERATIONS,
    incidents.OPERATIONS,
    connectors.OPERATIONS,
    webhooks.OPERATIONS,
    engines.OPERATIONS,
    people.OPERATIONS,
    oauth.OPERATIONS,
    health.OPERATIONS,
)
