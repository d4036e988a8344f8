"""What the answers of these resources look like."""

from __future__ import annotations

from placet.connectors.records import AuthKind, BodyType, PaginationKind, ParameterType, Place
from placet.connectors.shape import METHODS
from placet_api.ris.schemas import (
    ANYTHING,
    FLAG,
    GUID,
    NUMBER,
    PATH,
    TEXT,
    TIME,
    TIME_OR_EMPTY,
    Array,
    Object,
    Spec,
    Text,
)

_TEXTS = {"additionalProperties": {"type": "string"}}
_TEXTS_BY_NAME = Object({}, rule=_TEXTS)
_NAMES = Array(Object({"Value": TEXT}))
_DURATION = Text(pattern="([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?")
_PATH_OR_EMPTY = Text(pattern="(/.*)?")
_REFERENCE = Object(
    {"GUID": Text(pattern="([0-9a-f]{32})?"), "Link": _PATH_OR_EMPTY, "Value": TEXT}, name="ReferenceByName"
)
_TIMES: dict[str, Spec] = {"Revision": NUMBER, "Created": TIME, "Updated": TIME_OR_EMPTY}

CONFIGURATION = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Name": TEXT,
        "Kind": Text(enum=tuple(AuthKind)),
        "Fields": _TEXTS_BY_NAME,
        "Secrets": _NAMES,
        **_TIMES,
    },
    name="AuthenticationConfiguration",
)

SERVICE = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Name": TEXT,
        "ProductName": TEXT,
        "ProductVersion": TEXT,
        "APIVersion": TEXT,
        "Limits": Object({"Concurrency": NUMBER, "BreakerFailures": NUMBER, "BreakerSeconds": NUMBER}),
        "Configuration": _REFERENCE,
        "Image": _PATH_OR_EMPTY,
        **_TIMES,
    },
    name="Service",
)

_PARAMETER = Object(
    {
        "Name": TEXT,
        "In": Text(enum=tuple(Place)),
        "Type": Text(enum=tuple(ParameterType)),
        "Required": FLAG,
        "Default": ANYTHING,
        "Description": TEXT,
    },
    name="ConnectorParameter",
)

CONNECTOR = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Name": TEXT,
        "Service": _REFERENCE,
        "Description": TEXT,
        "Method": Text(enum=METHODS),
        "URL": TEXT,
        "BodyType": Text(enum=tuple(BodyType)),
        "Headers": _TEXTS_BY_NAME,
        "Timeout": _DURATION,
        "Success": TEXT,
        "Output": TEXT,
        "Parameters": Array(_PARAMETER),
        "Retry": Object(
            {"Attempts": NUMBER, "First": _DURATION, "Factor": NUMBER, "Longest": _DURATION, "Jitter": FLAG}
        ),
        "Pagination": Object(
            {
                "Kind": Text(enum=tuple(PaginationKind)),
                "Parameter": TEXT,
                "First": NUMBER,
                "Next": TEXT,
                "Items": TEXT,
                "Pages": NUMBER,
            }
        ),
        **_TIMES,
    },
    name="Connector",
)

TRIAL = Object(
    {
        "Success": FLAG,
        "Message": TEXT,
        "Milliseconds": NUMBER,
        "Request": ANYTHING,
        "Response": Object({"Code": ANYTHING, "Headers": _TEXTS_BY_NAME, "Message": ANYTHING, "Error": ANYTHING}),
        "Result": ANYTHING,
    },
    name="Trial",
)

_SECTION = Object({}, rule={"additionalProperties": {"type": "object"}})
EXPORT = Object(
    {"configurations": _SECTION, "services": _SECTION, "connectors": _SECTION},
    optional=frozenset({"configurations", "services", "connectors"}),
    name="ConnectorFile",
)
IMPORT = Object({"Added": NUMBER, "Changed": NUMBER, "Same": NUMBER, "Notes": _NAMES}, name="ImportedConnectors")

OFFERS = Object(
    {
        "Operations": Array(Object({"Name": TEXT, "Method": TEXT, "Path": TEXT, "Summary": TEXT, "Refused": TEXT})),
        "Added": NUMBER,
        "Changed": NUMBER,
        "Same": NUMBER,
    },
    name="OfferedOperations",
)

NAMED = (_REFERENCE, CONFIGURATION, SERVICE, _PARAMETER, CONNECTOR, TRIAL, EXPORT, IMPORT, OFFERS)
