"""The values that the keys of a definition file take, each read from text with a fault in our words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from placet.core.definition import Settle, SettleKind
from placet.core.expressions import Expression, ExpressionSyntax, compile_expression
from placet.core.names import is_dn

#: Of every model of a part of a file: a key that is not declared is a fault.
PART = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
ID = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII)
_ISO_DURATION = re.compile(
    r"P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?", re.ASCII
)
_SETTLE = re.compile(r"(\d{1,4})(%?)", re.ASCII)


def fault(message: str, **context: Any) -> PydanticCustomError:
    """What is wrong with a value, as pydantic takes it."""
    return PydanticCustomError("placet", "{message}", {"message": message, **context})


def one_text(given: Any) -> str:
    if not isinstance(given, str):
        raise fault("has to be one text" if given is not None else "is empty; give a text")
    return given


def parse_duration(text: str) -> timedelta:
    """A duration such as `3d`, `1d12h`, `2w` or `P3DT12H`; raises ValueError for anything else, and for none at all."""
    found = _DURATION.fullmatch(text.strip()) or _ISO_DURATION.fullmatch(text.strip())
    parts = found.groups(default="0") if found is not None else ()
    seconds = sum(int(part) * unit for part, unit in zip(parts, _UNITS.values(), strict=False))
    if not 0 < seconds <= 3_660 * 86_400:
        raise ValueError(
            f"{text!r} is not a duration between 1s and ten years; write 30m, 12h, 3d, 2w, 1d12h or P3DT12H"
        )
    return timedelta(seconds=seconds)


def _duration(given: Any) -> timedelta:
    try:
        return parse_duration(one_text(given))
    except ValueError as failure:
        raise fault(str(failure)) from None


def _flag(given: Any) -> bool:
    if (text := one_text(given).lower()) not in ("true", "false"):
        raise fault(f"{given!r} is neither true nor false")
    return text == "true"


def _expression(given: Any) -> Expression:
    try:
        return compile_expression(one_text(given))
    except ExpressionSyntax as wrong:
        message = (
            f"{given!r} is no expression: {wrong.message}" if len(given) < 60 else f"no expression: {wrong.message}"
        )
        raise fault(message, line=wrong.line, column=wrong.column) from None


def _addressees(given: Any) -> str | Expression:
    text = one_text(given)
    return text.strip() if is_dn(text) else _expression(text)


def _settle(given: Any) -> Settle:
    text = one_text(given).strip()
    if text in ("any", "all"):
        return Settle(SettleKind(text))
    found = _SETTLE.fullmatch(text)
    amount = int(found[1]) if found is not None else 0
    if found is None or amount < 1 or (found[2] and amount > 100):
        raise fault(f"{given!r} is no way to settle; write any, all, a number such as 3 or a percentage such as 50%")
    return Settle(SettleKind.PERCENT if found[2] else SettleKind.COUNT, amount)


def _signature(given: Any) -> str:
    if given != "not-required":
        raise fault(f"{given!r} cannot be had: signing is not offered; write not-required or leave it out")
    return "not-required"


def _dn(given: Any) -> str:
    if not is_dn(one_text(given)):
        raise fault(f"{given!r} is not a distinguished name; write one such as cn=Leave,cn=RequestDefs,o=acme")
    return str(given).strip()


def texts(given: Any) -> dict[str, str]:
    """A text, or a text for each language, as a mapping by language."""
    if not isinstance(given, dict):
        return {"en": _words(given)}
    for language in given:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            raise fault(f"{language!r} is no language; write its code, such as en, nl or pt-BR")
    if "en" not in given:
        raise fault("has no English text, which is the default; add en: …")
    return {language: _words(text) for language, text in given.items()}


def _words(given: Any) -> str:
    text = one_text(given).strip()
    if not text:
        raise fault("is empty; give a text")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise fault("holds a character that cannot be stored; leave it out")
    return text


def _one_or_many(given: Any) -> Any:
    return given if isinstance(given, list) else [given]


_TEXT = {"type": "string"}
_EXPRESSION = {"type": ["string", "number", "boolean"], "description": "a CEL expression"}

Words: TypeAlias = Annotated[str, BeforeValidator(_words), WithJsonSchema(_TEXT)]
Texts: TypeAlias = Annotated[
    dict[str, str],
    BeforeValidator(texts),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "object", "required": ["en"], "additionalProperties": _TEXT}]}),
]
Dn: TypeAlias = Annotated[str, BeforeValidator(_dn), WithJsonSchema(_TEXT)]
Duration: TypeAlias = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "examples": ["3d", "1d12h", "P3DT12H"]})
]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Cel: TypeAlias = Annotated[Any, BeforeValidator(_expression), WithJsonSchema(_EXPRESSION)]
Who: TypeAlias = Annotated[
    Any, BeforeValidator(_addressees), WithJsonSchema({"type": "string", "description": "a DN or a CEL expression"})
]
Settling: TypeAlias = Annotated[
    Any, BeforeValidator(_settle), WithJsonSchema({"type": ["string", "integer"], "examples": ["any", "all", 3, "50%"]})
]
Target: TypeAlias = Annotated[str, BeforeValidator(one_text), WithJsonSchema({"type": "string", "pattern": ID})]
Targets: TypeAlias = Annotated[
    list[Target],
    BeforeValidator(_one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}),
]
Signature: TypeAlias = Annotated[str, BeforeValidator(_signature), WithJsonSchema({"const": "not-required"})]
