"""Examples of connectors: the users of this very server, for a drop-down."""

from __future__ import annotations

from typing import Any

CONFIGURATION_ID = "01a200b712bc703e8390ee82dd3c0000"
SERVICE_ID = "01a200b712bc703e8390ee82dd3d0000"
CONNECTOR_ID = "01a200b712bc703e8390ee82dd3e0000"

_AT = "20261123000000000+0000"
_STORED: dict[str, Any] = {"Revision": 1, "Created": _AT, "Updated": ""}
_URL = "http://127.0.0.1:8080/api/1.0/workflow/users"
_TOKENS = "http://127.0.0.1:8080/workflow/oauth2/token"

NEW_CONFIGURATION: dict[str, Any] = {
    "Name": "ProcessMaker Authentication Service",
    "Kind": "oauth2_password",
    "Fields": {
        "tokenCredentialUri": _TOKENS,
        "clientId": "QXJMZPLWTRBCVNKDHFGSAYEUIOQXJMZP",
        "clientSecret": "the-secret-of-an-application",
        "username": "admin",
        "password": "the-password-of-a-user",
    },
}
CONFIGURATION: dict[str, Any] = {
    "GUID": CONFIGURATION_ID,
    "Link": f"/v1/connectors/configurations/{CONFIGURATION_ID}",
    "Name": "ProcessMaker Authentication Service",
    "Kind": "oauth2_password",
    "Fields": {
        "tokenCredentialUri": _TOKENS,
        "grant_type": "password",
        "clientId": "QXJMZPLWTRBCVNKDHFGSAYEUIOQXJMZP",
        "username": "admin",
        "scope": "",
        "audience": "",
        "authorizationPrefix": "Bearer",
        "headerAuthorization": "Authorization",
    },
    "Secrets": [{"Value": "clientSecret"}, {"Value": "password"}],
    **_STORED,
}
NEW_SERVICE: dict[str, Any] = {
    "Name": "ProcessMaker",
    "ProductName": "ProcessMaker",
    "ProductVersion": "3.2",
    "Configuration": "ProcessMaker Authentication Service",
}
SERVICE: dict[str, Any] = {
    "GUID": SERVICE_ID,
    "Link": f"/v1/connectors/services/{SERVICE_ID}",
    "Name": "ProcessMaker",
    "ProductName": "ProcessMaker",
    "ProductVersion": "3.2",
    "APIVersion": "",
    "Limits": {"Concurrency": 20, "BreakerFailures": 10, "BreakerSeconds": 30},
    "Configuration": {
        "GUID": CONFIGURATION_ID,
        "Link": f"/v1/connectors/configurations/{CONFIGURATION_ID}",
        "Value": "ProcessMaker Authentication Service",
    },
    "Image": "",
    **_STORED,
}
NEW_CONNECTOR: dict[str, Any] = {
    "Name": "Active users",
    "Service": "ProcessMaker",
    "URL": _URL,
    "Parameters": [{"Name": "status", "In": "query", "Default": "ACTIVE"}],
    "Output": "response.message.map(user, [user.usr_uid, user.usr_username])",
}
CONNECTOR: dict[str, Any] = {
    "GUID": CONNECTOR_ID,
    "Link": f"/v1/connectors/{CONNECTOR_ID}",
    "Name": "Active users",
    "Service": {"GUID": SERVICE_ID, "Link": f"/v1/connectors/services/{SERVICE_ID}", "Value": "ProcessMaker"},
    "Description": "",
    "Method": "GET",
    "URL": _URL,
    "BodyType": "json",
    "Headers": {},
    "Timeout": "30s",
    "Success": "",
    "Output": NEW_CONNECTOR["Output"],
    "Parameters": [
        {
            "Name": "status",
            "In": "query",
            "Type": "string",
            "Required": False,
            "Default": "ACTIVE",
            "Description": "",
        }
    ],
    "Retry": {"Attempts": 5, "First": "1s", "Factor": 2.0, "Longest": "5m", "Jitter": True},
    "Pagination": {"Kind": "none", "Parameter": "", "First": 1, "Next": "", "Items": "", "Pages": 10},
    **_STORED,
}
TRIAL: dict[str, Any] = {
    "Success": True,
    "Message": "It works: 200 came back within 12 ms.",
    "Milliseconds": 12.3,
    "Request": {"Method": "GET", "URL": f"{_URL}?status=ACTIVE", "Headers": {"authorization": "***"}, "Body": None},
    "Response": {
        "Code": 200,
        "Headers": {"content-type": "application/json"},
        "Message": [{"usr_uid": "01a200b712bc703e8390ee82dd3f0000", "usr_username": "ben"}],
        "Error": None,
    },
    "Result": [["01a200b712bc703e8390ee82dd3f0000", "ben"]],
}
FILE: dict[str, Any] = {
    "services": {"ProcessMaker": {"product_name": "ProcessMaker"}},
    "connectors": {"Active users": {"service": "ProcessMaker", "url": _URL}},
}
IMPORTED: dict[str, Any] = {"Added": 2, "Changed": 0, "Same": 0, "Notes": []}
OPENAPI: dict[str, Any] = {
    "Document": {
        "openapi": "3.1.0",
        "info": {"title": "Travel desk", "version": "2"},
        "servers": [{"url": "http://127.0.0.1:8080/travel"}],
        "paths": {"/trips": {"get": {"operationId": "listTrips", "summary": "All trips"}}},
    },
    "Operations": [{"Name": "listTrips"}],
}
OFFERED: dict[str, Any] = {
    "Operations": [{"Name": "listTrips", "Method": "GET", "Path": "/trips", "Summary": "All trips", "Refused": ""}],
    "Added": 2,
    "Changed": 0,
    "Same": 0,
}
AUTHORIZE: dict[str, Any] = {
    "URL": "https://accounts.example.org/authorize?response_type=code&client_id=placet&state=AdQ0"
}
