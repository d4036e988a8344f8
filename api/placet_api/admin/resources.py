"""Every resource of administration: the shape of its path, the methods that it takes and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

from placet_api.admin import absences, applications, audit, proxies, session
from placet_api.admin.schemas import ABSENCE, APPLICATION, AUDIT_ENTRY, PROXY, SESSION
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
    "audit": Resource({"GET": audit.every_entry}, Schema("/v1/audit", AUDIT_ENTRY, "AuditInfo")),
}
