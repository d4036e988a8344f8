"""Users, groups, roles and permissions as they are read, and the parts of lists that are asked for."""

from __future__ import annotations

from placet.store.groups import GroupRow
from placet.store.people import UserRow
from placet.store.people_pages import Cut, GroupListed, Page, RoleListed, UserFilter
from placet.store.roles import PermissionRow, RoleRow

__all__ = [
    "Cut",
    "GroupListed",
    "GroupRow",
    "Page",
    "PermissionRow",
    "RoleListed",
    "RoleRow",
    "UserFilter",
    "UserRow",
]
