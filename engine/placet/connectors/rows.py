"""Configurations, services and connectors between their records and their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from placet.connectors.checks import fold_name
from placet.connectors.content import (
    connector_from,
    content_of_connector,
    limits_of,
    read_default,
    tree_of,
)
from placet.connectors.kinds import FIELDS
from placet.connectors.records import AuthKind, Configuration, Connector, Limits, ParameterType, Service
from placet.connectors.shape import ConnectorShape
from placet.loader.yaml_tree import plain
from placet.store.connectors import ConfigurationRow, ConnectorRow, ServiceRow


def configuration_of(row: ConfigurationRow) -> Configuration:
    kind = AuthKind(row.kind)
    return Configuration(
        id=row.id,
        name=row.name,
        kind=kind,
        fields={name: row.fields[name] for name in FIELDS[kind] if name in row.fields},
        sealed=row.secrets,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def row_of_configuration(record: Configuration, now: datetime) -> ConfigurationRow:
    return ConfigurationRow(
        id=record.id,
        name=record.name,
        folded=fold_name(record.name),
        kind=record.kind.value,
        fields=record.fields,
        secrets=record.sealed,
        revision=record.revision,
        created_at=record.created_at or now,
        updated_at=record.updated_at,
    )


def service_of(row: ServiceRow) -> Service:
    return Service(
        id=row.id,
        name=row.name,
        product_name=row.product_name,
        product_version=row.product_version,
        api_version=row.api_version,
        image_type=row.image_type,
        configuration_id=row.configuration_id,
        limits=Limits(**row.limits),
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def row_of_service(record: Service, now: datetime) -> ServiceRow:
    return ServiceRow(
        id=record.id,
        name=record.name,
        folded=fold_name(record.name),
        product_name=record.product_name,
        product_version=record.product_version,
        api_version=record.api_version,
        configuration_id=record.configuration_id,
        limits=limits_of(record.limits),
        revision=record.revision,
        created_at=record.created_at or now,
        updated_at=record.updated_at,
    )


def connector_of(row: ConnectorRow) -> Connector:
    stored = {**row.content, "parameters": _by_name(row.content.get("parameters", []))}
    shape = ConnectorShape.model_validate(plain(tree_of({"service": row.service_id, **stored})))
    defaults = {
        name: read_default(ParameterType(each.type), each.default)
        for name, each in shape.parameters.items()
        if each.default is not None
    }
    return connector_from(
        row.name,
        shape,
        defaults,
        id=row.id,
        service_id=row.service_id,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def row_of_connector(record: Connector, now: datetime) -> ConnectorRow:
    return ConnectorRow(
        id=record.id,
        name=record.name,
        folded=fold_name(record.name),
        service_id=record.service_id,
        content=_in_order(content_of_connector(record)),
        revision=record.revision,
        created_at=record.created_at or now,
        updated_at=record.updated_at,
    )


def _in_order(content: dict[str, Any]) -> dict[str, Any]:
    """Content whose parameters are a list: PostgreSQL keeps the members of an object in an order of its own."""
    parameters = [{"name": name, **each} for name, each in content.get("parameters", {}).items()]
    return content | ({"parameters": parameters} if parameters else {})


def _by_name(parameters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {each["name"]: {key: value for key, value in each.items() if key != "name"} for each in parameters}
