"""The permissions that Placet itself asks for, by the codes of the roles service."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Permission(StrEnum):
    """What a role may allow; a role can hold other codes as well, which mean nothing here."""

    LOGIN = "PM_LOGIN"  # sign in, list definitions
    START = "PM_CASES"  # start a process, terminate one's own
    SEE_ALL = "PM_ALLCASES"
    TERMINATE = "PM_CANCELCASE"
    REASSIGN = "PM_REASSIGNCASE"
    SUPERVISE = "PM_SUPERVISOR"  # act for others, pause, resume, retry, change data, start as somebody's proxy
    DEFINE = "PM_FACTORY"  # change definitions
    OPERATE = "PM_SETUP_ADVANCE"  # connectors, engines, the audit trail
    MANAGE_PEOPLE = "PM_USERS"  # users, groups, roles
    REGISTER_APPLICATIONS = "PM_REST_API_APPLICATIONS"
    EDIT_ONESELF = "PM_EDITPERSONALINFO"


class SystemRoles(NamedTuple):
    """The codes of the roles that are always there and cannot be deleted."""

    administrator: str
    operator: str
    manager: str


SYSTEM_ROLES = SystemRoles("PROCESSMAKER_ADMIN", "PROCESSMAKER_OPERATOR", "PROCESSMAKER_MANAGER")

#: All that there are here: what the administrator's role holds whatever is stored of it.
EVERY_PERMISSION = frozenset(Permission)
