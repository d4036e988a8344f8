"""Examples of this service: a role of clerks, and anna who has it."""

from __future__ import annotations

from typing import Any

from placet.directory.profile import PROFILE
from placet_api.processmaker.names import SYSTEM

ROLE_UID = "51049032352d56710347233042615067"
USER_UID = "25286582752d56713231082039265791"
GROUP_UID = "46138556052cda43a051110036717033"
PERMISSION_UID = "00000000000000000000000000000015"
TOKEN = "3f3a0a4c6f2f4f0f9a7b5d1e8c2b6a90d4e1f7c3"  # noqa: S105  # an example, not a secret
REFRESH_TOKEN = "9b1d2f3a4c5e6f708192a3b4c5d6e7f801234567"  # noqa: S105  # an example too

_MADE, _CHANGED = "2026-11-22 09:00:00", "2026-11-23 10:30:00"

ROLE: dict[str, Any] = {
    "rol_uid": ROLE_UID,
    "rol_code": "CLERK",
    "rol_name": "Clerk",
    "rol_status": "ACTIVE",
    "rol_system": SYSTEM,
    "rol_create_date": _MADE,
    "rol_update_date": _CHANGED,
    "rol_total_users": 1,
}
PERMISSION: dict[str, Any] = {"per_uid": PERMISSION_UID, "per_code": "PM_CASES", "per_name": "Cases"}
MEMBER: dict[str, Any] = {
    "usr_uid": USER_UID,
    "usr_username": "anna",
    "usr_firstname": "Anna",
    "usr_lastname": "Berg",
    "usr_status": "ACTIVE",
}
GROUP: dict[str, Any] = {"grp_uid": GROUP_UID, "grp_title": "Board", "grp_status": "ACTIVE", "grp_users": 1}
USER: dict[str, Any] = {
    **MEMBER,
    "usr_email": "anna@example.org",
    "usr_due_date": "2030-12-31",
    "usr_create_date": _MADE,
    "usr_update_date": _CHANGED,
    **dict.fromkeys(PROFILE.values(), ""),
    "usr_role": "CLERK",
    "usr_reports_to": "",
}
NEW_USER: dict[str, Any] = {
    "usr_username": "anna",
    "usr_firstname": "Anna",
    "usr_lastname": "Berg",
    "usr_email": "anna@example.org",
    "usr_due_date": "2030-12-31",
    "usr_status": "ACTIVE",
    "usr_role": "PROCESSMAKER_OPERATOR",
    "usr_new_pass": "correct horse",
}
TOKENS: dict[str, Any] = {
    "access_token": TOKEN,
    "expires_in": 86400,
    "token_type": "bearer",
    "scope": "*",
    "refresh_token": REFRESH_TOKEN,
}
