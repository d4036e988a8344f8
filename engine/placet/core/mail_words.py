"""What mails say: the standard notifications, and what the templates of mails are given."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from placet.core.definition import Notice
from placet.core.expression_text import FIELDS

#: The kinds of notifications, in words.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "assigned": "a work item is assigned",
        "reminder": "a work item is brought to mind",
        "escalation": "a work item comes from somebody else who did not answer",
        "finished": "a process has ended",
    }
)

_PROCESS = frozenset(FIELDS["process"])
#: The values that every template is given, with their parts; those of `data` are the data items of its definition.
NAMES: Mapping[str, frozenset[str] | None] = MappingProxyType(
    {
        "data": None,
        "process": _PROCESS,
        "initiator": frozenset(FIELDS["initiator"]),
        "recipient": frozenset(FIELDS["recipient"]),
        "now": frozenset(),
        "link": frozenset(),
    }
)
_ITEM = frozenset(
    {"id", "name", "addressee", "instead_of", "returned", "priority", "created_at", "due_at", "expires_at"}
)


def names_of(kind: str | None) -> Mapping[str, frozenset[str] | None]:
    """The values that the templates of a notification are given; without a kind, those of an email activity."""
    if kind is None:
        return NAMES
    own = {"process": _PROCESS | {"outcome"}} if kind == "finished" else {"item": _ITEM}
    return {**NAMES, **own}


_ROWS_OF_ITEM = (
    ("Request", "process.name"),
    ("Step", "item.name"),
    ("From", "initiator.name"),
    ("For", "recipient.name"),
    ("Asked", "item.addressee"),
    ("Due", "item.due_at|time"),
)
_ROWS_OF_PROCESS = (
    ("Request", "process.name"),
    ("From", "initiator.name"),
    ("For", "recipient.name"),
    ("Outcome", "process.outcome"),
)
_ONLY_IF = {"recipient.name": "recipient.dn != initiator.dn"}  # any other row where it has a value
_CELL = "padding:4px 12px 4px 0;vertical-align:top"


def _notice(subject: str, says: str, rows: tuple[tuple[str, str], ...]) -> Notice:
    """A standard notification: a sentence, what it is about, and where to go."""
    why = "This was sent because of a request in Placet; you can choose which of these mails you get."
    lines = [
        f"{{% if {_ONLY_IF.get(value, value)} %}}\n{label + ':':<9}{{{{ {value} }}}}\n{{% endif %}}\n"
        for label, value in rows
    ]
    text = f"{says}\n\n{''.join(lines)}\n{{% if link %}}\n{{{{ link }}}}\n\n{{% endif %}}\n-- \n{why}\n"
    cells = [
        f'{{% if {_ONLY_IF.get(value, value)} %}}<tr><td style="{_CELL};color:#595959">{label}</td>'
        f'<td style="{_CELL}">{{{{ {value} }}}}</td></tr>\n{{% endif %}}'
        for label, value in rows
    ]
    button = "display:inline-block;padding:10px 20px;background:#1f5fa8;color:#ffffff;text-decoration:none"
    html = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n'
        '<body style="margin:0;padding:16px;background:#ffffff;color:#1a1a1a;font:16px/1.5 sans-serif">\n'
        f'<div style="max-width:36em;margin:0 auto">\n<p style="font-size:18px;margin:0 0 16px">{says}</p>\n'
        f'<table style="border-collapse:collapse;font-size:16px">\n{"".join(cells)}</table>\n'
        f'{{% if link %}}<p style="margin:20px 0"><a href="{{{{ link }}}}" style="{button}">Open in Placet</a></p>\n'
        f'{{% endif %}}<p style="margin-top:24px;font-size:13px;color:#595959">{why}</p>\n</div></body></html>\n'
    )
    return Notice(subject, text, html)


#: The notifications of definitions without templates of their own.
STANDARD: Mapping[str, Notice] = MappingProxyType(
    {
        "assigned": _notice(
            "{{ process.name }}: {{ 'changes are asked for' if item.returned else item.name }}",
            "{% if item.returned %}Your request has come back to you for changes."
            "{% else %}Your answer is asked for.{% endif %}\n",
            _ROWS_OF_ITEM,
        ),
        "reminder": _notice(
            "Reminder: {{ process.name }}: {{ item.name }}", "Your answer is still waited for.", _ROWS_OF_ITEM
        ),
        "escalation": _notice(
            "Escalated to you: {{ process.name }}: {{ item.name }}",
            "Nobody has answered this in time, and now your answer is asked for.",
            _ROWS_OF_ITEM,
        ),
        "finished": _notice(
            "{{ process.name }}: {{ process.outcome }}",
            "A request has come to its end: {{ process.outcome }}.",
            _ROWS_OF_PROCESS,
        ),
    }
)
