"""The objects of `/v1` and `/api/1.0` about people and rights to what commands show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.query.times import parse_time
from placet_api.cli.desk import AbsenceView, ApplicationView, AuditView, ProxyView, RoleView, UserView
from placet_api.cli.remote_views import named, time

Json = Mapping[str, Any]


def role(body: Json) -> RoleView:
    return RoleView(
        body["rol_uid"], body["rol_code"], body["rol_name"], body["rol_status"], int(body["rol_total_users"])
    )


def user(body: Json) -> UserView:
    return UserView(
        user_name=body["usr_username"],
        dn=None,
        first_name=body["usr_firstname"],
        last_name=body["usr_lastname"],
        email=body["usr_email"],
        role=body["usr_role"] or None,
        status=body["usr_status"],
    )


def absence(body: Json) -> AbsenceView:
    return AbsenceView(
        id=body["GUID"],
        person=named(body["Person"]),
        delegate=named(body["Delegate"]),
        category=body["Category"] or None,
        definition=body["Definition"] or None,
        from_at=parse_time(body["From"]),
        to_at=time(body["To"]),
        created_at=parse_time(body["Created"]),
    )


def proxy(body: Json) -> ProxyView:
    return ProxyView(
        id=body["GUID"],
        person=named(body["Person"]),
        proxy=named(body["Proxy"]),
        from_at=parse_time(body["From"]),
        to_at=time(body["To"]),
        created_at=parse_time(body["Created"]),
    )


def audit_entry(body: Json) -> AuditView:
    actor = body["Actor"]
    return AuditView(
        id=int(body["Number"]),
        at=parse_time(body["At"]),
        kind=body["Kind"],
        actor=actor["DN"] or actor["Value"] or None,
        address=body["Address"],
        target=body["Target"],
        before=body["Before"],
        after=body["After"],
        names=(actor["Value"], body["TargetName"] or body["Target"]),
    )


def application(body: Json) -> ApplicationView:
    return ApplicationView(
        name=body["Name"],
        client_id=body["ClientID"],
        client_secret=None if body["Public"] else body["ClientSecret"],
        description=body["Description"],
        web_site=body["WebSite"],
        redirect_uris=[each["Value"] for each in body["RedirectURIs"]],
        owner=body["Owner"]["DN"],
        created_at=parse_time(body["Created"]),
    )
