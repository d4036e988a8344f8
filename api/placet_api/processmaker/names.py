"""Records as this service names and writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from placet.core.defaults import uid
from placet.core.people import Directory
from placet.directory.profile import PROFILE
from placet.directory.records import GroupListed, PermissionRow, RoleListed, UserRow

SYSTEM = uid(2)  # the system that every role here is of


def time(moment: datetime | None) -> str:
    """A time in UTC as `2026-03-02 09:00:00`; empty for none."""
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def role(listed: RoleListed) -> dict[str, Any]:
    row = listed.role
    return {
        "rol_uid": row.id,
        "rol_code": row.code,
        "rol_name": row.name or row.code,
        "rol_status": row.status,
        "rol_system": SYSTEM,
        "rol_create_date": time(row.created_at),
        "rol_update_date": time(row.updated_at),
        "rol_total_users": listed.users,
    }


def permission(row: PermissionRow) -> dict[str, Any]:
    return {"per_uid": row.id, "per_code": row.code, "per_name": row.name}


def group(listed: GroupListed) -> dict[str, Any]:
    row = listed.group
    return {"grp_uid": row.id, "grp_title": row.title, "grp_status": row.status, "grp_users": listed.users}


def member(row: UserRow) -> dict[str, Any]:
    """A user in the lists of a role or a group, where he is either active or not."""
    return {
        "usr_uid": row.id,
        "usr_username": row.user_name,
        "usr_firstname": row.first_name,
        "usr_lastname": row.last_name,
        "usr_status": "ACTIVE" if row.status == "ACTIVE" else "INACTIVE",
    }


def user(row: UserRow, role_code: str, directory: Directory) -> dict[str, Any]:
    """A user with everything that is known of him, but no secret."""
    manager = directory.person(row.manager) if row.manager else None
    kept = row.profile or {}
    profile = {name: str(kept.get(inside, "")) for inside, name in PROFILE.items()}
    return {
        "usr_uid": row.id,
        "usr_username": row.user_name,
        "usr_firstname": row.first_name,
        "usr_lastname": row.last_name,
        "usr_email": row.email,
        "usr_due_date": row.due_on or "",
        "usr_create_date": time(row.created_at),
        "usr_update_date": time(row.updated_at),
        "usr_status": row.status,
        **{name: profile[name] for name in _BEFORE_ROLE},
        "usr_role": role_code,
        "usr_reports_to": "" if manager is None else manager.id,
        **{name: profile[name] for name in _BEHIND_MANAGER},
    }


_FIELDS = list(PROFILE.values())
_BEFORE_ROLE = _FIELDS[: _FIELDS.index("usr_replaced_by")]
_BEHIND_MANAGER = _FIELDS[_FIELDS.index("usr_replaced_by") :]
