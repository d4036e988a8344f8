"""Files of people: users, groups, roles and permissions as JSON or YAML, checked before anything is stored."""

from __future__ import annotations

import json
import re
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from placet.core.ids import is_id
from placet.core.names import is_dn, unseen_in
from placet.directory.passwords import check_password, is_password_hash
from placet.directory.profile import Profile
from placet.errors import InvalidDirectory, InvalidInput

_BAD_IN_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BAD_IN_NAME = re.compile(r'[,=:;+"\\<>#]')  # what ends or quotes a part of a DN, and what ends a name in a sign-in
_CODE = re.compile("[A-Za-z0-9_]+")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECRET = {"password", "password_hash"}


def _text(text: str) -> str:
    if bad := _BAD_IN_TEXT.search(text):
        raise ValueError(f"has {bad[0]!a} in it; leave control characters out")
    if len(text) > 255:
        raise ValueError(f"has {len(text)} characters; at most 255 are kept")
    return text


def _name(text: str) -> str:
    _text(text)
    if not 1 <= len(text) <= 100 or text != text.strip():
        raise ValueError("is not a name; give 1 to 100 characters with no space before or behind")
    if unseen := unseen_in(text):
        raise ValueError(f"has {unseen} in it, which nobody sees; leave it out")
    return text


def _user_name(text: str) -> str:
    if bad := _BAD_IN_NAME.search(_name(text)):
        raise ValueError(f'has {bad[0]} in it; a user name does without , = : ; + " \\ < > #')
    return text


def _code(text: str) -> str:
    if _CODE.fullmatch(_name(text)) is None:
        raise ValueError("is not a code; give letters, digits and _ and nothing else")
    return text


def _day(text: str) -> str:
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            pass
    raise ValueError("is not a date; give one such as 2027-12-31")


def _status(given: str | int) -> str:
    return {0: "INACTIVE", 1: "ACTIVE"}.get(given, str(given)) if isinstance(given, int) else given


def _uid(text: str) -> str:
    if not is_id(text.lower()):
        raise ValueError("is not a uid; give 32 hex digits or leave it out")
    return text.lower()


def _dn(text: str) -> str:
    if not is_dn(text) or _BAD_IN_TEXT.search(text):
        raise ValueError("is not a distinguished name; give one such as cn=anna,ou=users,o=placet or leave it out")
    return text.strip()


def _password(text: str) -> str:
    try:
        check_password(text)
    except InvalidInput as failure:
        raise ValueError(f"is no password: {failure.message}") from None
    return text


def _password_hash(text: str) -> str:
    if not is_password_hash(text):
        raise ValueError("is not a hash that can be read; give one of argon2, or the password itself as password")
    return text


def _reference(text: str) -> str:
    if not 1 <= len(text) <= 1024 or _BAD_IN_TEXT.search(text):
        raise ValueError("is neither a name nor a DN; give 1 to 1,024 characters and no control characters")
    return text.strip()


Text = Annotated[str, AfterValidator(_text)]
Name = Annotated[str, AfterValidator(_name)]
UserName = Annotated[str, AfterValidator(_user_name)]
Code = Annotated[str, AfterValidator(_code)]
Day = Annotated[str, AfterValidator(_day)]
Status = Annotated[Literal["ACTIVE", "INACTIVE", 0, 1], AfterValidator(_status)]
Uid = Annotated[str, AfterValidator(_uid)]
DN = Annotated[str, AfterValidator(_dn)]
Reference = Annotated[str, AfterValidator(_reference)]
Password = Annotated[str, AfterValidator(_password)]
PasswordHash = Annotated[str, AfterValidator(_password_hash)]


class _Entry(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FileUser(_Entry, Profile):
    """One user; what the file leaves out is None, and then what is stored stays."""

    name: UserName = Field(alias="usr_username")
    uid: Uid | None = Field(None, alias="usr_uid")
    dn: DN | None = None
    first_name: Text | None = Field(None, alias="usr_firstname")
    last_name: Text | None = Field(None, alias="usr_lastname")
    email: Text | None = Field(None, alias="usr_email")
    status: Literal["ACTIVE", "INACTIVE", "VACATION"] | None = Field(None, alias="usr_status")
    manager: Reference | None = None
    groups: list[Reference] | None = None
    password: Password | None = Field(None, repr=False)
    password_hash: PasswordHash | None = Field(None, repr=False)
    role: Reference | None = None
    role_code: Reference | None = Field(None, alias="usr_role")
    due_on: Day | None = Field(None, alias="usr_due_date")

    @model_validator(mode="after")
    def _says_everything_once(self) -> FileUser:
        if self.password is not None and self.password_hash is not None:
            raise ValueError("has a password and a password_hash; give one of them")
        if {"role", "role_code"} <= self.model_fields_set:
            raise ValueError("has a role and a usr_role; give one of them")
        return self

    @property
    def says_role(self) -> bool:
        """Whether the file says which role he has, or that he has none."""
        return not self.model_fields_set.isdisjoint({"role", "role_code"})


class FileGroup(_Entry):
    name: Name = Field(alias="grp_title")
    uid: Uid | None = Field(None, alias="grp_uid")
    dn: DN | None = None
    status: Literal["ACTIVE", "INACTIVE"] | None = Field(None, alias="grp_status")

    @model_validator(mode="after")
    def _makes_a_dn(self) -> FileGroup:
        if self.dn is None and _BAD_IN_NAME.search(self.name):
            raise ValueError(f"makes no distinguished name of the title {self.name!a}; give its dn")
        return self


class FileRole(_Entry):
    model_config = ConfigDict(extra="ignore")

    name: Code = Field(alias="rol_code")
    uid: Uid | None = Field(None, alias="rol_uid")
    title: Text | None = Field(None, alias="rol_name")
    status: Status | None = Field(None, alias="rol_status")


class FilePermission(_Entry):
    model_config = ConfigDict(extra="ignore")

    name: Code = Field(alias="per_code")
    uid: Uid | None = Field(None, alias="per_uid")
    title: Text | None = Field(None, alias="per_name")
    status: Status | None = Field(None, alias="per_status")


class DirectoryFile(_Entry):
    """The lists of a file in its order; `role_permissions` has the permissions of roles, all by uid or code."""

    file_name: str = Field("", exclude=True)
    users: list[FileUser] = []
    groups: list[FileGroup] = []
    roles: list[FileRole] = []
    permissions: list[FilePermission] | None = None
    role_permissions: dict[Reference, list[Reference]] = {}

    def place(self, section: str, index: int) -> str:
        """Where an entry stands, in words for a message."""
        return _place(self.file_name, section, index, getattr(self, section)[index].name)


SECTIONS = [name for name in DirectoryFile.model_fields if name != "file_name"]
_ENTRIES: dict[int | str, type[_Entry]] = {"users": FileUser, "groups": FileGroup}


def read_directory_file(path: Path | str) -> DirectoryFile:
    """Read and check a file; raises `InvalidDirectory` with all its faults, each with its place."""
    path = Path(path)
    document = _read(path)
    if not isinstance(document, dict) or not any(section in document for section in SECTIONS):
        raise InvalidDirectory([f"{path.name}: has none of the lists {', '.join(SECTIONS)}; give at least users"])
    given = {key: value for key, value in document.items() if value is not None and not _is_remark(key, value)}
    try:
        return DirectoryFile.model_validate(given | {"file_name": path.name})
    except ValidationError as failure:
        errors = failure.errors(include_url=False)
        raise InvalidDirectory([_fault(path.name, given, error) for error in errors]) from None


def _read(path: Path) -> Any:
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix.lower() == ".json":
            return json.loads(text, object_pairs_hook=_without_duplicates)
        return YAML(typ="safe", pure=True).load(text)
    except OSError as failure:
        raise InvalidInput(f"Cannot read {path}: {failure.strerror}; name a JSON or YAML file.") from None
    except (ValueError, YAMLError, RecursionError) as failure:
        reason = " ".join(str(failure).split())
        raise InvalidDirectory([f"{path.name}: is not readable as JSON or YAML: {reason}"]) from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, where the standard library would keep the last of two equal keys in silence."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is there twice in one object")
    return made


def _is_remark(key: str, value: Any) -> bool:
    """Whether a member is a note to the reader: a text or a list of texts under a name of its own."""
    texts = value if isinstance(value, list) else [value]
    return key not in SECTIONS and all(isinstance(text, str) for text in texts)


def _fault(file_name: str, document: dict[str, Any], error: ErrorDetails) -> str:
    """One error of pydantic as a sentence with its place."""
    section, *rest = error["loc"]
    place = file_name
    if rest and isinstance(rest[0], int):
        place = _place(file_name, str(section), rest[0], _name_of(document[str(section)][rest[0]]))
        rest = rest[1:]
    else:
        rest = [section, *rest]
    parts = (str(part) if str(part).isprintable() else ascii(part) for part in rest)
    return ", ".join([place, *parts]) + f": {_reason(error)}"


def _place(file_name: str, section: str, index: int, name: str | None) -> str:
    return f"{file_name}, {section}, entry {index + 1}" + (f" ({name})" if name else "")


def _name_of(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return None
    names = (entry.get(key) for key in ("usr_username", "grp_title", "rol_code", "per_code"))
    return next((name for name in names if isinstance(name, str) and name.isprintable()), None)


def _known_keys(section: int | str) -> list[str]:
    entry = _ENTRIES.get(section)
    return SECTIONS if entry is None else [field.alias or name for name, field in entry.model_fields.items()]


def _nearest(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def _reason(error: ErrorDetails) -> str:
    # A whole entry may hold a password as well.
    secret = error["loc"][-1] in _SECRET or isinstance(error["input"], dict)
    given = "what is given" if secret else f"{error['input']!a:.60}"
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"is not known here; {_nearest(str(error['loc'][-1]), _known_keys(error['loc'][0]))}"
        case "string_type":
            return f"{given} is not text; put it in quotes"
        case "list_type" | "dict_type" | "model_type":
            return f"{given} is not a {'list' if error['type'] == 'list_type' else 'mapping'}"
        case "literal_error":
            return f"{given} does not fit; give {error['ctx']['expected']}"
        case "value_error":
            return f"{given} {error['ctx']['error']}"
        case _:
            return f"{given}: {error['msg']}"
