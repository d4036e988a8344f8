"""What cannot be done to users, groups, roles and permissions: each rule by its name, with what is said of it.

A face that has its own words for a rule finds them by the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from placet.errors import Conflict, InvalidInput, NotAllowed, NotFound, PlacetError


class Reason(StrEnum):
    """Every rule; the values never change from release to release."""

    UNKNOWN_ROLE = "unknown-role"
    UNKNOWN_ROLE_CODE = "unknown-role-code"
    UNKNOWN_USER = "unknown-user"
    UNKNOWN_MANAGER = "unknown-manager"
    UNKNOWN_PERMISSION = "unknown-permission"
    UNKNOWN_GROUP = "unknown-group"
    ROLE_CODE_UNFIT = "role-code-unfit"
    ROLE_CODE_TAKEN = "role-code-taken"
    ROLE_NAME_TAKEN = "role-name-taken"
    ROLE_FIXED = "role-fixed"
    ROLE_PERMISSIONS_FIXED = "role-permissions-fixed"
    ROLE_HAS_USERS = "role-has-users"
    ROLE_BUILT_IN = "role-built-in"
    HAS_ROLE = "has-role"
    LACKS_ROLE = "lacks-role"
    ADMINISTRATOR_ROLE = "administrator-role"
    PERMISSION_HELD = "permission-held"
    PERMISSION_NOT_HELD = "permission-not-held"
    USER_NAME_UNFIT = "user-name-unfit"
    USER_NAME_TAKEN = "user-name-taken"
    DN_TAKEN = "dn-taken"
    EMAIL_UNFIT = "email-unfit"
    DUE_DATE_UNFIT = "due-date-unfit"
    PASSWORD_UNFIT = "password-unfit"  # noqa: S105  # the name of a rule
    ADMINISTRATOR_KEPT = "administrator-kept"
    ADMINISTRATOR_FIXED = "administrator-fixed"
    USER_HAS_ITEMS = "user-has-items"
    GROUP_TITLE_UNFIT = "group-title-unfit"
    GROUP_TITLE_TAKEN = "group-title-taken"
    GROUP_HAS_ITEMS = "group-has-items"
    IN_GROUP = "in-group"
    NOT_IN_GROUP = "not-in-group"
    RAISES = "raises"
    OUT_OF_REACH = "out-of-reach"
    ROLE_OUT_OF_REACH = "role-out-of-reach"
    OWN_STANDING = "own-standing"
    OWN_REPORT = "own-report"
    NOT_ONESELF = "not-oneself"


class RuleBroken(PlacetError):
    """A rule stands against a change; `reason` names it, `value` is what it was about."""

    def __init__(self, reason: Reason, value: str) -> None:
        super().__init__(_WORDS[reason][1].format(value[:200]))
        self.reason, self.value = reason, value


class Unknown(RuleBroken, NotFound):
    """What was named is not there."""

    code = "not-found"


class Unfit(RuleBroken, InvalidInput):
    """A value cannot be used."""

    code = "invalid-input"


class Clash(RuleBroken, Conflict):
    """It does not fit what is stored."""

    code = "conflict"


class Beyond(RuleBroken, NotAllowed):
    """It is more than the actor may do."""

    code = "not-allowed"


_WORDS: Mapping[Reason, tuple[type[RuleBroken], str]] = {
    Reason.UNKNOWN_ROLE: (Unknown, "There is no role with the uid {}; the list of roles has those that there are."),
    Reason.UNKNOWN_ROLE_CODE: (Unknown, "There is no role {!r}; the list of roles has their codes."),
    Reason.UNKNOWN_USER: (Unknown, "There is no user with the uid {}; the list of users has those that there are."),
    Reason.UNKNOWN_MANAGER: (Unknown, "There is no user with the uid {} to report to; give one of the list of users."),
    Reason.UNKNOWN_PERMISSION: (Unknown, "There is no permission with the uid {}; each role lists its available ones."),
    Reason.UNKNOWN_GROUP: (Unknown, "There is no group with the uid {}; the list of groups has those that there are."),
    Reason.ROLE_CODE_UNFIT: (Unfit, "{!r} cannot be the code of a role; give letters, digits and _ only."),
    Reason.ROLE_CODE_TAKEN: (Clash, "There is a role with the code {!r} already; choose another."),
    Reason.ROLE_NAME_TAKEN: (Clash, "There is a role with the name {!r} already; choose another."),
    Reason.ROLE_FIXED: (Clash, "The role {} cannot be changed; add a role of your own instead."),
    Reason.ROLE_PERMISSIONS_FIXED: (Clash, "The permissions of the role {} cannot be changed; it holds all there are."),
    Reason.ROLE_HAS_USERS: (Clash, "The role {} still has users; give them another one first."),
    Reason.ROLE_BUILT_IN: (Clash, "The role {} is always there and cannot be deleted; make it inactive instead."),
    Reason.HAS_ROLE: (Clash, "The user {} has this role already."),
    Reason.LACKS_ROLE: (Clash, "The user {} does not have this role."),
    Reason.ADMINISTRATOR_ROLE: (Clash, "The role of the administrator cannot be changed."),
    Reason.PERMISSION_HELD: (Clash, "The role holds the permission {} already."),
    Reason.PERMISSION_NOT_HELD: (Clash, "The role does not hold the permission {}."),
    Reason.USER_NAME_UNFIT: (Unfit, 'A user name {}; give 1 to 100 characters without , = : ; + " \\ < > #.'),
    Reason.USER_NAME_TAKEN: (Clash, "The user name {!r} is taken; choose another."),
    Reason.DN_TAKEN: (Clash, "{!r} was the name of another user and stays his; choose another user name."),
    Reason.EMAIL_UNFIT: (Unfit, "{!r} is no e-mail address; give one such as anna@example.org."),
    Reason.DUE_DATE_UNFIT: (Unfit, "{!r} is no day; give one such as 2030-12-31."),
    Reason.PASSWORD_UNFIT: (Unfit, "{}"),
    Reason.ADMINISTRATOR_KEPT: (Clash, "The administrator cannot be deleted."),
    Reason.ADMINISTRATOR_FIXED: (Clash, "The administrator can neither be renamed nor made inactive."),
    Reason.USER_HAS_ITEMS: (Clash, "The user {} has work items to answer; reassign them first."),
    Reason.GROUP_TITLE_UNFIT: (Unfit, "A group's title {}; give 1 to 100 characters."),
    Reason.GROUP_TITLE_TAKEN: (Clash, "There is a group {!r} already; choose another title."),
    Reason.GROUP_HAS_ITEMS: (Clash, "The group {} has work items to answer; reassign them first."),
    Reason.IN_GROUP: (Clash, "The user {} is in this group already."),
    Reason.NOT_IN_GROUP: (Clash, "The user {} is not in this group."),
    Reason.RAISES: (Beyond, "{}"),
    Reason.OUT_OF_REACH: (Beyond, "The role of this user holds {}, which yours does not; ask an administrator."),
    Reason.ROLE_OUT_OF_REACH: (Beyond, "This role holds {}, which yours does not; ask an administrator."),
    Reason.OWN_STANDING: (Beyond, "Nobody changes his own {}; ask another administrator."),
    Reason.OWN_REPORT: (Beyond, "Nobody names himself as the manager of others; ask another administrator."),
    Reason.NOT_ONESELF: (Beyond, "Without PM_USERS you change yourself alone, and nothing that gives rights; not {}."),
}


def refusal(reason: Reason, value: str = "") -> RuleBroken:
    """The error for a rule that stands against a change."""
    return _WORDS[reason][0](reason, value)
