"""What configurations, services, connectors and tests of them look like in answers."""

from __future__ import annotations

from typing import Any

from placet.connectors.catalog import Catalog
from placet.connectors.content import connector_values, service_values
from placet.connectors.manage import FromOpenApi, Imported
from placet.connectors.records import Configuration, Connector, Service
from placet.connectors.trying import Trial
from placet.query.times import format_time
from placet_api.admin.connectors.members import connector_out, service_out
from placet_api.ris.request import Request

CONFIGURATIONS, SERVICES, CONNECTORS = "connectors/configurations", "connectors/services", "connectors"


def configuration(request: Request, record: Configuration) -> dict[str, Any]:
    """A configuration, of whose secrets only the names of those that are there."""
    kept = request.engine.connectors.configurations.secrets_kept(record)
    return {
        **_head(request, CONFIGURATIONS, record),
        "Kind": record.kind.value,
        "Fields": dict(record.fields),
        "Secrets": [{"Value": name} for name in kept],
        **_times(record),
    }


def service(request: Request, catalog: Catalog, record: Service) -> dict[str, Any]:
    used = None if record.configuration_id is None else catalog.configurations.by_id.get(record.configuration_id)
    head = _head(request, SERVICES, record)
    return {
        **head,
        **service_out(service_values(record)),
        "Configuration": _reference(request, CONFIGURATIONS, used),
        "Image": f"{head['Link']}/image" if record.image_type else "",
        **_times(record),
    }


def connector(request: Request, catalog: Catalog, record: Connector) -> dict[str, Any]:
    used = catalog.services.by_id.get(record.service_id)
    return {
        **_head(request, CONNECTORS, record),
        "Service": _reference(request, SERVICES, used),
        **connector_out(connector_values(record)),
        **_times(record),
    }


def trial(found: Trial) -> dict[str, Any]:
    """How a test went, with every secret hidden."""
    shown, sent = found.answer.shown, found.answer.request
    return {
        "Success": found.ok,
        "Message": found.message,
        "Milliseconds": round(found.answer.took.total_seconds() * 1_000, 1),
        "Request": None
        if sent is None
        else {"Method": sent.method, "URL": sent.url, "Headers": dict(sent.headers), "Body": sent.body},
        "Response": {
            "Code": shown["code"],
            "Headers": shown["headers"],
            "Message": shown["message"],
            "Error": shown["error"],
        },
        "Result": shown.get("result"),
    }


def imported(found: Imported) -> dict[str, Any]:
    counts = found.counts
    return {
        "Added": counts.added,
        "Changed": counts.changed,
        "Same": counts.same,
        "Notes": [{"Value": text} for text in found.notes],
    }


def offers(found: FromOpenApi) -> dict[str, Any]:
    """The operations of a document, and how many connectors were made of them."""
    counts = found.made.counts
    return {
        "Operations": [
            {
                "Name": each.name,
                "Method": each.method,
                "Path": each.path,
                "Summary": each.summary,
                "Refused": each.refused,
            }
            for each in found.offers
        ],
        "Added": counts.added,
        "Changed": counts.changed,
        "Same": counts.same,
    }


def link(request: Request, shape: str, record: Configuration | Service | Connector) -> str:
    return f"{request.render.links.prefix}/{shape}/{record.id}"


def _head(request: Request, shape: str, record: Configuration | Service | Connector) -> dict[str, Any]:
    return {"GUID": record.id, "Link": link(request, shape, record), "Name": record.name}


def _times(record: Configuration | Service | Connector) -> dict[str, Any]:
    assert record.created_at is not None
    return {
        "Revision": record.revision,
        "Created": format_time(record.created_at),
        "Updated": format_time(record.updated_at) if record.updated_at else "",
    }


def _reference(request: Request, shape: str, record: Configuration | Service | None) -> dict[str, Any]:
    if record is None:
        return {"GUID": "", "Link": "", "Value": ""}
    return {"GUID": record.id, "Link": link(request, shape, record), "Value": record.name}
