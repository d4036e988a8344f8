"""The roles and permissions that every directory begins with.

They have the uids, codes and names of ProcessMaker 3.7.7, so that the uids that a client has kept go on working
(its guest role and the one permission of that are left out).
"""

from __future__ import annotations

from typing import NamedTuple

from placet.core.permissions import SYSTEM_ROLES


class DefaultPermission(NamedTuple):
    """One permission: the end of its uid, whether it is active, and the default roles that hold it by their letters."""

    number: int
    code: str
    name: str
    active: bool
    roles: str


def uid(number: int) -> str:
    """The uid of one of the built-in roles, permissions and users."""
    return f"{number:032}"


#: The roles that are there from the start: number, code, name, and the letter in `PERMISSIONS`.
ROLES = (
    (2, SYSTEM_ROLES.administrator, "System Administrator", "A"),
    (3, SYSTEM_ROLES.operator, "Operator", "O"),
    (4, SYSTEM_ROLES.manager, "Manager", "M"),
)

ADMINISTRATOR_ROLE, OPERATOR_ROLE, MANAGER_ROLE = (uid(number) for number, *_ in ROLES)

PERMISSIONS = (
    DefaultPermission(1, "PM_LOGIN", "Login", True, "AMO"),
    DefaultPermission(2, "PM_SETUP", "Setup", True, "A"),
    DefaultPermission(3, "PM_USERS", "Users", True, "AM"),
    DefaultPermission(4, "PM_FACTORY", "Design processes", True, "A"),
    DefaultPermission(5, "PM_CASES", "Create cases", True, "AMO"),
    DefaultPermission(6, "PM_ALLCASES", "All cases", True, "AM"),
    DefaultPermission(7, "PM_REASSIGNCASE", "Reassign case", True, "AM"),
    DefaultPermission(8, "PM_REPORTS", "Reports", False, "AM"),
    DefaultPermission(9, "PM_SUPERVISOR", "Supervisor", True, "AM"),
    DefaultPermission(10, "PM_SETUP_ADVANCE", "Setup Advanced", True, "A"),
    DefaultPermission(11, "PM_DASHBOARD", "Dashboard", True, "AM"),
    DefaultPermission(12, "PM_WEBDAV", "WebDav", True, "A"),
    DefaultPermission(13, "PM_DELETECASE", "Delete cases", True, "AM"),
    DefaultPermission(14, "PM_EDITPERSONALINFO", "Edit Personal Info", True, "AM"),
    DefaultPermission(15, "PM_FOLDERS_ALL", "View Folders", True, "AM"),
    DefaultPermission(16, "PM_FOLDERS_ADD_FOLDER", "Add Folders", True, "AM"),
    DefaultPermission(17, "PM_FOLDERS_ADD_FILE", "Add file in folders", True, "AM"),
    DefaultPermission(18, "PM_CANCELCASE", "Cancel cases", True, "AM"),
    DefaultPermission(19, "PM_FOLDER_DELETE", "Delete folders", True, "AM"),
    DefaultPermission(20, "PM_SETUP_LOGO", "Setup Logo", True, "AM"),
    DefaultPermission(21, "PM_SETUP_EMAIL", "Setup Email", True, "AM"),
    DefaultPermission(22, "PM_SETUP_CALENDAR", "Setup Calendar", True, "AM"),
    DefaultPermission(23, "PM_SETUP_PROCESS_CATEGORIES", "Setup Process Categories", True, "AM"),
    DefaultPermission(24, "PM_SETUP_CLEAR_CACHE", "Setup Clear Cache", True, "AM"),
    DefaultPermission(26, "PM_SETUP_ENVIRONMENT", "Setup Environment", True, "AM"),
    DefaultPermission(27, "PM_SETUP_PM_TABLES", "Setup PM Tables", True, "AM"),
    DefaultPermission(28, "PM_SETUP_LOGIN", "Setup Login", True, "AM"),
    DefaultPermission(29, "PM_SETUP_DASHBOARDS", "Setup Dashboards", True, "AM"),
    DefaultPermission(30, "PM_SETUP_LANGUAGE", "Setup Language", True, "AM"),
    DefaultPermission(31, "PM_SETUP_SKIN", "Setup Skin", True, "AM"),
    DefaultPermission(32, "PM_SETUP_CASES_LIST_CACHE_BUILDER", "Setup Case List Cache Builder", True, "AM"),
    DefaultPermission(33, "PM_SETUP_PLUGINS", "Setup Plugins", True, "AM"),
    DefaultPermission(34, "PM_SETUP_USERS_AUTHENTICATION_SOURCES", "Setup User Authentication Sources", True, "AM"),
    DefaultPermission(35, "PM_SETUP_LOGS", "Setup Logs", True, "AM"),
    DefaultPermission(36, "PM_DELETE_PROCESS_CASES", "Delete process cases", True, "AM"),
    DefaultPermission(37, "PM_EDITPERSONALINFO_CALENDAR", "Edit personal info Calendar", True, "AM"),
    DefaultPermission(38, "PM_UNCANCELCASE", "Undo cancel case", True, "AM"),
    DefaultPermission(39, "PM_REST_API_APPLICATIONS", "Register External Applications", True, "AM"),
    DefaultPermission(40, "PM_EDIT_USER_PROFILE_FIRST_NAME", "Edit User profile First Name", True, "AMO"),
    DefaultPermission(41, "PM_EDIT_USER_PROFILE_LAST_NAME", "Edit User profile Last Name", True, "AMO"),
    DefaultPermission(42, "PM_EDIT_USER_PROFILE_USERNAME", "Edit User profile Username", True, "AMO"),
    DefaultPermission(43, "PM_EDIT_USER_PROFILE_EMAIL", "Edit User profile Email", True, "AMO"),
    DefaultPermission(44, "PM_EDIT_USER_PROFILE_ADDRESS", "Edit User profile Address", True, "AMO"),
    DefaultPermission(45, "PM_EDIT_USER_PROFILE_ZIP_CODE", "Edit User profile Zip Code", True, "AMO"),
    DefaultPermission(46, "PM_EDIT_USER_PROFILE_COUNTRY", "Edit User profile Country", True, "AMO"),
    DefaultPermission(47, "PM_EDIT_USER_PROFILE_STATE_OR_REGION", "Edit User profile State or Region", True, "AMO"),
    DefaultPermission(48, "PM_EDIT_USER_PROFILE_LOCATION", "Edit User profile Location", True, "AMO"),
    DefaultPermission(49, "PM_EDIT_USER_PROFILE_PHONE", "Edit User profile Phone", True, "AMO"),
    DefaultPermission(50, "PM_EDIT_USER_PROFILE_POSITION", "Edit User profile Position", True, "AM"),
    DefaultPermission(51, "PM_EDIT_USER_PROFILE_REPLACED_BY", "Edit User profile Replaced By", True, "AM"),
    DefaultPermission(52, "PM_EDIT_USER_PROFILE_EXPIRATION_DATE", "Edit User profile Expiration Date", True, "AM"),
    DefaultPermission(53, "PM_EDIT_USER_PROFILE_CALENDAR", "Edit User profile Calendar", True, "AMO"),
    DefaultPermission(54, "PM_EDIT_USER_PROFILE_STATUS", "Edit User profile Status", True, "AM"),
    DefaultPermission(55, "PM_EDIT_USER_PROFILE_ROLE", "Edit User profile Role", True, "AM"),
    DefaultPermission(56, "PM_EDIT_USER_PROFILE_TIME_ZONE", "Edit User profile Time Zone", True, "AMO"),
    DefaultPermission(57, "PM_EDIT_USER_PROFILE_DEFAULT_LANGUAGE", "Edit User profile Default Language", True, "AMO"),
    DefaultPermission(58, "PM_EDIT_USER_PROFILE_COSTS", "Edit User profile Costs", True, "AM"),
    DefaultPermission(59, "PM_EDIT_USER_PROFILE_PASSWORD", "Edit User profile Password", True, "AMO"),
    DefaultPermission(
        60,
        "PM_EDIT_USER_PROFILE_USER_MUST_CHANGE_PASSWORD_AT_NEXT_LOGON",
        "Edit User profile Must Change Password at next Logon",
        True,
        "AM",
    ),
    DefaultPermission(61, "PM_EDIT_USER_PROFILE_PHOTO", "Edit User profile Photo", True, "AMO"),
    DefaultPermission(
        62, "PM_EDIT_USER_PROFILE_DEFAULT_MAIN_MENU_OPTIONS", "Edit User profile Default Main Menu Options", True, "AM"
    ),
    DefaultPermission(
        63,
        "PM_EDIT_USER_PROFILE_DEFAULT_CASES_MENU_OPTIONS",
        "Edit User profile Default Cases Menu Options",
        True,
        "AM",
    ),
    DefaultPermission(64, "PM_REASSIGNCASE_SUPERVISOR", "Reassign case supervisor", True, "A"),
    DefaultPermission(65, "PM_SETUP_CUSTOM_CASES_LIST", "Setup Custom Cases List", True, "A"),
    DefaultPermission(67, "PM_SETUP_LOG_FILES", "Log Files", True, "A"),
    DefaultPermission(68, "PM_FOLDERS_OWNER", "View Your Folders", True, "A"),
    DefaultPermission(69, "PM_TASK_SCHEDULER_ADMIN", "View Task Scheduler", True, "A"),
    DefaultPermission(70, "TASK_METRICS_VIEW", "Task Metrics", True, "A"),
)
