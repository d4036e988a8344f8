"""What users are ordered by and searched in: last name, first name and user name, folded, in one text.

Each of the three stands between marks, so that "begins with" and "ends with" can be asked of any of them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement

from placet.core.names import fold_user_name
from placet.store.tables import user_account

_MARK = "\x1f"  # no name has a control character in it


def words(user_name: str, first_name: str, last_name: str) -> str:
    """The text that is stored of a user for lists; empty for one who was deleted and has no user name any more."""
    if not user_name:
        return ""
    return _MARK + _MARK.join(fold_words(each) for each in (last_name, first_name, user_name)) + _MARK


def fold_words(text: str) -> str:
    """A text as it is compared in lists: neither case nor the form of a character counts."""
    return fold_user_name(text).replace(_MARK, "")


def is_listed() -> ColumnElement[bool]:
    """Whether a user was not deleted; asked of the index alone, as the others here."""
    return user_account.c.words != ""  # an inequality would be taken for where the index begins


def has(text: str) -> ColumnElement[bool]:
    """Whether one of a user's names has a text in it, which stands for itself."""
    return user_account.c.words.contains(fold_words(text), autoescape=True)


def begins(text: str) -> ColumnElement[bool]:
    """Whether one of a user's names begins with a text."""
    return user_account.c.words.contains(_MARK + fold_words(text), autoescape=True)


def ends(text: str) -> ColumnElement[bool]:
    """Whether one of a user's names ends with a text."""
    return user_account.c.words.contains(fold_words(text) + _MARK, autoescape=True)
