"""Every resource of administration: the shape of its path, the methods that it takes and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

from placet_api.admin import (
    absences,
    applications,
    audit,
    engines,
    events,
    incidents,
    notifications,
    proxies,
    queries,
    session,
    views,
    webhooks,
)
from placet_api.admin.connectors.resources import RESOURCES as CONNECTORS
from placet_api.admin.engine_operations import ENGINE
from placet_api.admin.incident_operations import INCIDENT
from placet_api.admin.query_operations import EVENT, VIEW
from placet_api.admin.schemas import ABSENCE, APPLICATION, AUDIT_ENTRY, NOTIFICATIONS, PROXY, SESSION
from placet_api.admin.webhook_operations import DELIVERY, WEBHOOK
from placet_api.ris.resource import Resource
from placet_api.ris.schemas import Schema

#: By the shape of a path below `/v1`, a star for an id.
RESOURCES: Mapping[str, Resource] = {
    "session": Resource(
        {"GET": session.show, "POST": session.begin, "DELETE": session.end},
        Schema("/v1/session", SESSION),
        open_to_all=("POST",),
    ),
    "absences": Resource(
        {"GET": absences.every_absence, "POST": absences.add}, Schema("/v1/absences", ABSENCE, "AbsenceInfo")
    ),
    "absences/*": Resource(
        {"GET": absences.one_absence, "DELETE": absences.remove}, Schema("/v1/absences/{Absence ID}", ABSENCE)
    ),
    "proxies": Resource({"GET": proxies.every_proxy, "POST": proxies.add}, Schema("/v1/proxies", PROXY, "ProxyInfo")),
    "proxies/*": Resource(
        {"GET": proxies.one_proxy, "DELETE": proxies.remove}, Schema("/v1/proxies/{Proxy ID}", PROXY)
    ),
    "applications": Resource(
        {"GET": applications.every_application, "POST": applications.register},
        Schema("/v1/applications", APPLICATION, "ApplicationInfo"),
    ),
    "applications/*": Resource(
        {"GET": applications.one_application, "DELETE": applications.remove},
        Schema("/v1/applications/{Client ID}", APPLICATION),
    ),
    "notifications": Resource(
        {"GET": notifications.show, "PUT": notifications.choose}, Schema("/v1/notifications", NOTIFICATIONS)
    ),
    "audit": Resource({"GET": audit.every_entry}, Schema("/v1/audit", AUDIT_ENTRY, "AuditInfo")),
    "incidents": Resource({"GET": incidents.every_incident}, Schema("/v1/incidents", INCIDENT, "IncidentInfo")),
    "incidents/*": Resource({"GET": incidents.one_incident}, Schema("/v1/incidents/{Incident ID}", INCIDENT)),
    "incidents/*/retry": Resource({"POST": incidents.retry}),
    "incidents/*/skip": Resource({"POST": incidents.skip}),
    "engines": Resource({"GET": engines.every_engine}, Schema("/v1/engines", ENGINE, "EngineInfo")),
    "engines/*": Resource({"GET": engines.one_engine}, Schema("/v1/engines/{Engine ID}", ENGINE)),
    "engines/*/drain": Resource({"POST": engines.drain}),
    "events": Resource({"GET": events.every_event}, Schema("/v1/events", EVENT, "EventInfo"), offered=events.OFFERED),
    "query/*": Resource({"GET": queries.run, "POST": queries.run}, offered=queries.OFFERED),
    "query/*/complete": Resource({"GET": queries.complete}),
    "views": Resource({"GET": views.every, "POST": views.add}, Schema("/v1/views", VIEW, "ViewInfo")),
    "views/*": Resource(
        {"GET": views.one, "PUT": views.change, "DELETE": views.remove}, Schema("/v1/views/{View ID}", VIEW)
    ),
    "webhooks": Resource({"GET": webhooks.every, "POST": webhooks.add}, Schema("/v1/webhooks", WEBHOOK, "WebhookInfo")),
    "webhooks/*": Resource(
        {"GET": webhooks.one, "PUT": webhooks.change, "DELETE": webhooks.remove},
        Schema("/v1/webhooks/{Webhook ID}", WEBHOOK),
    ),
    "webhooks/*/secret": Resource({"POST": webhooks.change_secret}),
    "webhooks/*/test": Resource({"POST": webhooks.test}),
    "webhooks/*/deliveries": Resource(
        {"GET": webhooks.deliveries}, Schema("/v1/webhooks/{Webhook ID}/deliveries", DELIVERY, "DeliveryInfo")
    ),
    "webhooks/*/replay": Resource({"POST": webhooks.replay}),
    **CONNECTORS,
}
