"""Every resource of connectors: the shape of its path, the methods that it takes and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

from placet_api.admin.connectors import authorized, configurations, connectors, files, services, trials
from placet_api.admin.connectors.schemas import CONFIGURATION, CONNECTOR, EXPORT, SERVICE
from placet_api.ris.resource import Resource
from placet_api.ris.schemas import Schema

#: By the shape of a path below `/v1`, a star for an id.
RESOURCES: Mapping[str, Resource] = {
    "connectors": Resource(
        {"GET": connectors.every, "POST": connectors.add}, Schema("/v1/connectors", CONNECTOR, "ConnectorInfo")
    ),
    "connectors/*": Resource(
        {"GET": connectors.one, "PUT": connectors.change, "DELETE": connectors.remove},
        Schema("/v1/connectors/{Connector ID}", CONNECTOR),
    ),
    "connectors/*/test": Resource({"POST": trials.connector}),
    "connectors/test": Resource({"POST": trials.new_connector}),
    "connectors/configurations": Resource(
        {"GET": configurations.every, "POST": configurations.add},
        Schema("/v1/connectors/configurations", CONFIGURATION, "ConfigurationInfo"),
    ),
    "connectors/configurations/*": Resource(
        {"GET": configurations.one, "PUT": configurations.change, "DELETE": configurations.remove},
        Schema("/v1/connectors/configurations/{Configuration ID}", CONFIGURATION),
    ),
    "connectors/configurations/*/test": Resource({"POST": trials.configuration}),
    "connectors/configurations/test": Resource({"POST": trials.new_configuration}),
    "connectors/services": Resource(
        {"GET": services.every, "POST": services.add}, Schema("/v1/connectors/services", SERVICE, "ServiceInfo")
    ),
    "connectors/services/*": Resource(
        {"GET": services.one, "PUT": services.change, "DELETE": services.remove},
        Schema("/v1/connectors/services/{Service ID}", SERVICE),
    ),
    "connectors/services/*/image": Resource(
        {"GET": services.image, "PUT": services.set_image, "DELETE": services.remove_image},
        offered=services.IMAGES,
    ),
    "connectors/configurations/*/authorize": Resource({"POST": authorized.authorize}),
    "connectors/authorized": Resource({"GET": authorized.authorized}, open_to_all=("GET",), offered=authorized.PAGES),
    "connectors/export": Resource({"GET": files.export}, Schema("/v1/connectors/export", EXPORT)),
    "connectors/import": Resource({"POST": files.import_}),
    "connectors/openapi": Resource({"POST": files.openapi}),
}
