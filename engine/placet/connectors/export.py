"""Connectors as a file: the same format that is read, without a single secret."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import Any

from ruamel.yaml import YAML

from placet.connectors.catalog import Catalog
from placet.connectors.content import content_of_connector, content_of_service
from placet.connectors.kinds import FIELDS
from placet.connectors.reading import Contents
from placet.connectors.records import Configuration, Connector, Service


def exported(catalog: Catalog, names: Collection[str] = ()) -> dict[str, Any]:
    """All of a catalog by the sections of a file; with names those connectors and what they need.

    Raises `NotFound` for a name that no connector has.
    """
    connectors = [catalog.connector(name) for name in names] if names else catalog.connectors.all()
    services, configurations = catalog.services.all(), catalog.configurations.all()
    if names:
        wanted = {each.service_id for each in connectors}
        services = [each for each in services if each.id in wanted]
        configurations = [each for each in configurations if each.id in {one.configuration_id for one in services}]
    sections: dict[str, dict[str, Any]] = {
        "configurations": {each.name: content_of_configuration(each) for each in configurations},
        "services": {each.name: service_content(catalog, each) for each in services},
        "connectors": {each.name: connector_content(catalog, each) for each in connectors},
    }
    return {section: entries for section, entries in sections.items() if entries}


def content_of_configuration(configuration: Configuration) -> dict[str, Any]:
    """What a file says of a configuration; what is as it would be without saying is left out, and all secrets."""
    known = FIELDS[configuration.kind]
    fields = {name: text for name, text in configuration.fields.items() if text != known[name].default}
    return {"kind": configuration.kind.value, **fields}


def service_content(catalog: Catalog, service: Service) -> dict[str, Any]:
    """What a file says of a service."""
    id_ = service.configuration_id
    used = {} if id_ is None else {"configuration": catalog.configurations.by_id[id_].name}
    return {**content_of_service(service), **used}


def connector_content(catalog: Catalog, connector: Connector) -> dict[str, Any]:
    """What a file says of a connector."""
    return {"service": catalog.service_of(connector).name, **content_of_connector(connector)}


def to_yaml(sections: Mapping[str, Any]) -> str:
    """The sections as YAML text; empty where there are none."""
    if not sections:
        return ""
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_unicode, yaml.width = True, 110
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # None is only what it begins with
    stream = io.StringIO()
    yaml.dump(dict(sections), stream)
    return stream.getvalue()


def sections_of(contents: Contents) -> dict[str, Any]:
    """What was read of a file as the sections of one, with the secrets that stood for it in variables.

    It is for a server that reads no variables, and for nobody's eyes.
    """
    configurations = {
        each.record.name: {**content_of_configuration(each.record), **each.record.secrets}
        for each in contents.configurations
    }
    services = {
        each.record.name: {**content_of_service(each.record), **_refers("configuration", each.refers_to)}
        for each in contents.services
    }
    connectors = {
        each.record.name: {**content_of_connector(each.record), **_refers("service", each.refers_to)}
        for each in contents.connectors
    }
    sections = {"configurations": configurations, "services": services, "connectors": connectors}
    return {section: entries for section, entries in sections.items() if entries}


def _refers(key: str, name: str | None) -> dict[str, str]:
    return {} if name is None else {key: name}
