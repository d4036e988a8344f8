"""The texts of this service, word for word as its clients know them; `{}` stands for what was given."""

from __future__ import annotations

from collections.abc import Mapping

from placet.directory.refusals import Reason

#: Of each rule for people and rights.
RULES: Mapping[Reason, str] = {
    Reason.UNKNOWN_ROLE: "The role with rol_uid: {} does not exist.",
    Reason.UNKNOWN_ROLE_CODE: "Invalid value specified for: USR_ROLE",
    Reason.UNKNOWN_USER: "The User with usr_uid: {} does not exist.",
    Reason.UNKNOWN_MANAGER: "Invalid value specified for: USR_REPORTS_TO",
    Reason.UNKNOWN_PERMISSION: "The permission with per_uid: {} does not exist.",
    Reason.UNKNOWN_GROUP: "The group with grp_uid: {} does not exist.",
    Reason.ROLE_CODE_UNFIT: 'The "rol_code" field cannot contain special characters or spaces.',
    Reason.ROLE_CODE_TAKEN: 'The role code with rol_code: "{}" already exists.',
    Reason.ROLE_NAME_TAKEN: 'The role name with rol_name: "{}" already exists.',
    Reason.ROLE_FIXED: "You cannot modify this role.",
    Reason.ROLE_PERMISSIONS_FIXED: 'The permissions of the "{}" role can not be changed.',
    Reason.ROLE_HAS_USERS: "This role cannot be deleted while it still has some assigned users.",
    Reason.ROLE_BUILT_IN: "This role cannot be deleted, because it is one of the default roles.",
    Reason.HAS_ROLE: "The user with usr_uid: {} is already assigned to the role.",
    Reason.LACKS_ROLE: "The user with usr_uid: {} is not assigned to the role.",
    Reason.ADMINISTRATOR_ROLE: "The role of the administrator can not be changed!",
    Reason.PERMISSION_HELD: "The permission with per_uid: {} is already assigned to the role.",
    Reason.PERMISSION_NOT_HELD: "The permission with per_uid: {} is not assigned to the role.",
    Reason.USER_NAME_UNFIT: 'Invalid value for "USR_USERNAME". It {}.',
    Reason.USER_NAME_TAKEN: "The User Name '{}' already exists.",
    Reason.DN_TAKEN: "The User Name '{}' already exists.",
    Reason.EMAIL_UNFIT: "USR_EMAIL: Your E-mail address is not valid.",
    Reason.DUE_DATE_UNFIT: 'Invalid value for "USR_DUE_DATE".',
    Reason.PASSWORD_UNFIT: "USR_NEW_PASS: {}",
    Reason.ADMINISTRATOR_KEPT: (
        "The user cannot be deleted since it is referenced in a process design and/or has assigned cases."
    ),
    Reason.ADMINISTRATOR_FIXED: "The administrator can neither be renamed nor made inactive.",
    Reason.USER_HAS_ITEMS: "The user with usr_uid: {}, cannot be deleted while it has cases assigned.",
    Reason.GROUP_TITLE_UNFIT: 'Invalid value for "grp_title". It {}.',
    Reason.GROUP_TITLE_TAKEN: 'The group name with grp_title: "{}" already exists.',
    Reason.GROUP_HAS_ITEMS: "The group with grp_uid: {}, cannot be deleted while it has cases assigned.",
    Reason.IN_GROUP: "The user with usr_uid: {} is already assigned to the group.",
    Reason.NOT_IN_GROUP: "The user with usr_uid: {} is not assigned to the group.",
    Reason.RAISES: "{}",
    Reason.OUT_OF_REACH: "The role of this user holds {}, which yours does not.",
    Reason.ROLE_OUT_OF_REACH: "This role holds {}, which yours does not.",
    Reason.OWN_STANDING: "Nobody changes his own {}.",
    Reason.OWN_REPORT: "Nobody names himself as the manager of others.",
    Reason.NOT_ONESELF: "This user: {}, can not update the data.",
}

VERSION = "Invalid API version."
WORKSPACE = "You have specified an unavailable workspace."
JSON = "Error parsing JSON, malformed JSON"
CONTENT_TYPE = "Content type `{}` is not supported."
ACCEPT = "Content negotiation failed. Try `application/json` instead."
SHORT = "Invalid value specified for `{}`. Minimum 32 characters required."
LONG = "Invalid value specified for `{}`. Maximum 32 characters allowed."
MISSING = "`{}` is required."

NOTHING = 'Invalid value for "$arrayData". It can not be empty.'
UNDEFINED = 'Undefined value for "{}", it is required.'
EMPTY = 'Invalid value for "{}". It can not be empty.'
CHOICE = 'Invalid value for "{}". It only accepts values: "{}".'
NO_TEXT = 'Invalid value for "{}". It only accepts a text.'
TOO_LONG = 'Invalid value for "{}". It has {} characters; at most {} are kept.'
CONTROL = 'Invalid value for "{}". It has a control character in it.'
DUE_DATE = "{}: Due date required!"
NUMBER = 'Invalid value for "{}". Expecting positive integer value.'
SORT = "Invalid value specified for: $sortField"
SORT_DIRECTION = "Invalid value specified for: $sortDir"
STATUS = "Invalid value specified for: $status"
