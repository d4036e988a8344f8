"""What a user's and a group's values have to be, wherever they are typed in."""

from __future__ import annotations

import re
from datetime import date

from placet.core.names import unseen_in
from placet.directory.refusals import Reason, refusal
from placet.errors import InvalidInput
from placet.query.storable import unstorable_in

_BAD_IN_NAME = re.compile(r'[,=:;+"\\<>#]')  # what ends or quotes a part of a DN, and what ends a name in a sign-in
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})( \d{2}:\d{2}:\d{2})?")
_LONGEST_NAME, _LONGEST_WORDS, _LONGEST_EMAIL = 100, 255, 254


def check_user_name(text: str) -> None:
    """Refuse what cannot be a user name."""
    if fault := _fault_of_name(text, _BAD_IN_NAME):
        raise refusal(Reason.USER_NAME_UNFIT, fault)


def check_title(text: str) -> None:
    """Refuse what cannot be the title of a group, of which its DN is made."""
    if fault := _fault_of_name(text, _BAD_IN_NAME):
        raise refusal(Reason.GROUP_TITLE_UNFIT, fault)


def _fault_of_name(text: str, bad: re.Pattern[str]) -> str:
    if len(text) > _LONGEST_NAME:
        return f"has {len(text)} characters"
    if not text or text != text.strip():
        return "is empty or has a space before or behind it"
    if _CONTROL.search(text) or unstorable_in(text):
        return "has a control character in it"
    if unseen := unseen_in(text):
        return f"has {unseen} in it, which nobody sees"
    found = bad.search(text)
    return f"has {found[0]} in it" if found else ""


def check_email(text: str) -> None:
    """Refuse what cannot be an e-mail address."""
    if len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text) or _CONTROL.search(text) or unstorable_in(text):
        raise refusal(Reason.EMAIL_UNFIT, text)


def read_day(text: str) -> str:
    """A day as it is stored, of `2030-12-31` with or without a time behind it."""
    found = _DAY.fullmatch(text.strip())
    try:
        day = date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise refusal(Reason.DUE_DATE_UNFIT, text) from None
    if not 1970 <= day.year < 9999:
        raise refusal(Reason.DUE_DATE_UNFIT, text)
    return day.isoformat()


def check_new_password(text: str, shortest: int, longest: int) -> None:
    """Refuse a password that is shorter or longer than the settings say."""
    if not shortest <= len(text) <= longest:
        fault = f"A password has {shortest} to {longest} characters; this one has {len(text)}."
        raise refusal(Reason.PASSWORD_UNFIT, fault)
    if unstorable_in(text):
        raise refusal(Reason.PASSWORD_UNFIT, "The password has a character in it that cannot be stored; leave it out.")


def check_words(name: str, text: str) -> None:
    """Refuse a text that is too long or has control characters in it; `name` says which."""
    if len(text) > _LONGEST_WORDS:
        raise InvalidInput(f"{name} has {len(text)} characters; at most {_LONGEST_WORDS} are kept.")
    if _CONTROL.search(text) or unstorable_in(text):
        raise InvalidInput(f"{name} has a control character in it; leave it out.")
