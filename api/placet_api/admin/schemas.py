"""What the answers of these resources look like."""

from __future__ import annotations

from placet_api.ris.schemas import ANYTHING, FLAG, GUID, PATH, PERSON, TEXT, TIME, TIME_OR_EMPTY, Array, Object, Text

CLIENT_ID = Text(pattern="[A-Za-z]{32}")
NUMBER = Text(pattern="[0-9]+")

SESSION = Object(
    {
        "Person": PERSON,
        "Permissions": Array(Object({"Value": TEXT})),
        "Until": TIME_OR_EMPTY,
        "RESTSessionSecret": TEXT,
    },
    optional=frozenset({"RESTSessionSecret"}),  # told once, when the session begins
    name="Session",
)

ABSENCE = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Person": PERSON,
        "Delegate": PERSON,
        "Category": TEXT,
        "Definition": TEXT,
        "From": TIME,
        "To": TIME_OR_EMPTY,
        "Created": TIME,
    },
    name="Absence",
)

PROXY = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Person": PERSON,
        "Proxy": PERSON,
        "From": TIME,
        "To": TIME_OR_EMPTY,
        "Created": TIME,
    },
    name="ProxyGrant",
)

AUDIT_ENTRY = Object(
    {
        "Number": NUMBER,
        "At": TIME,
        "Kind": TEXT,
        "Actor": PERSON,
        "Address": TEXT,
        "Target": TEXT,
        "TargetName": TEXT,
        "Before": ANYTHING,
        "After": ANYTHING,
    },
    name="AuditEntry",
)

APPLICATION = Object(
    {
        "ClientID": CLIENT_ID,
        "Link": PATH,
        "ClientSecret": TEXT,
        "Public": FLAG,
        "Name": TEXT,
        "Description": TEXT,
        "WebSite": TEXT,
        "RedirectURIs": Array(Object({"Value": TEXT})),
        "Owner": PERSON,
        "Created": TIME,
    },
    name="Application",
)

NOTIFICATIONS = Object(
    {"Person": PERSON, "Assigned": FLAG, "Reminder": FLAG, "Escalation": FLAG, "Finished": FLAG}, name="Notifications"
)

NAMED = (SESSION, ABSENCE, PROXY, APPLICATION, AUDIT_ENTRY, NOTIFICATIONS)
