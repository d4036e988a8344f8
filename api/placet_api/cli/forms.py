"""`placet form`: what is asked of whoever starts a process."""

from __future__ import annotations

from placet_api.cli.columns import Column
from placet_api.cli.options import ANYWHERE, Anywhere, Format
from placet_api.cli.output import note, print_json, print_table
from placet_api.cli.views import ChoiceView, FieldView

_COLUMNS = [
    Column("Name"),
    Column("Label", least=10, rank=1),
    Column("Type", rank=1),
    Column("Asked"),
    Column("Choices", least=16, wraps=True),
]
_MOST_SHOWN = 10  # choices of a field in a table


async def form(definition: str, /, *, where: Anywhere = ANYWHERE, form: Format = "table") -> None:
    """Show the form by which a definition is started, with its choices as they are now.

    For example:

        placet form "Leave request" --as anna
        placet form "Leave request" --as anna --format json

    Parameters
    ----------
    definition
        its name, DN or GUID
    """
    async with where.backend() as backend:
        fields = await backend.form(definition)
    if form == "json":
        print_json(fields)
    elif fields:
        print_table(_COLUMNS, [_row(each) for each in fields])
    else:
        note("It asks for nothing.")


def _row(field: FieldView) -> list[str]:
    kind = f"{field.type}, several" if field.multi_valued else field.type
    return [field.name, field.label, kind, _asked(field), _choices(field)]


def _asked(field: FieldView) -> str:
    if not field.visible:
        return "hidden"
    if field.read_only:
        return "read-only"
    return "required" if field.required else "optional"


def _choices(field: FieldView) -> str:
    texts = [_choice(each) for each in field.choices[:_MOST_SHOWN]]
    if len(field.choices) > _MOST_SHOWN:
        texts.append(f"and {len(field.choices) - _MOST_SHOWN} more")
    return "; ".join([*texts, *([field.fault] if field.fault else [])])


def _choice(choice: ChoiceView) -> str:
    value = str(choice.value)
    return value if choice.label in ("", value) else f"{value} ({choice.label})"
