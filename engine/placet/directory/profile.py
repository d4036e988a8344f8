"""What is kept of a user and nothing here asks for: where to find him, and what else other systems know of him."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from placet.query.storable import unstorable_in

LONGEST = 2000
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # lines and tabs are good


def _text(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters; at most {LONGEST:,} are kept")
    if _BAD.search(text) or unstorable_in(text):
        raise ValueError("has a control character in it; leave those out but tabs and ends of lines")
    return text


Text = Annotated[str, AfterValidator(_text)]


class Profile(BaseModel):
    """Texts by the names under which they are stored, with those of the users service; what is left out is None."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    country: Text | None = Field(None, alias="usr_country")
    city: Text | None = Field(None, alias="usr_city")
    location: Text | None = Field(None, alias="usr_location")
    address: Text | None = Field(None, alias="usr_address")
    phone: Text | None = Field(None, alias="usr_phone")
    fax: Text | None = Field(None, alias="usr_fax")
    cellular: Text | None = Field(None, alias="usr_cellular")
    zip_code: Text | None = Field(None, alias="usr_zip_code")
    department: Text | None = Field(None, alias="dep_uid")
    position: Text | None = Field(None, alias="usr_position")
    resume: Text | None = Field(None, alias="usr_resume")
    birthday: Text | None = Field(None, alias="usr_birthday")
    replaced_by: Text | None = Field(None, alias="usr_replaced_by")
    calendar_uid: Text | None = Field(None, alias="usr_calendar_uid")
    calendar_name: Text | None = Field(None, alias="usr_calendar_name")
    ux: Text | None = Field(None, alias="usr_ux")
    cost_by_hour: Text | None = Field(None, alias="usr_cost_by_hour")
    unit_cost: Text | None = Field(None, alias="usr_unit_cost")
    photo_path: Text | None = Field(None, alias="usr_photo_path")
    time_zone: Text | None = Field(None, alias="usr_time_zone")

    @property
    def profile(self) -> dict[str, str]:
        """The texts that are given, by the names under which they are stored."""
        if PROFILE.keys().isdisjoint(self.model_fields_set):
            return {}
        given = ((name, getattr(self, name)) for name in PROFILE)
        return {name: text for name, text in given if text is not None}


#: The names under which the texts are stored, and what the users service calls them.
PROFILE: Mapping[str, str] = {name: field.alias or name for name, field in Profile.model_fields.items()}
