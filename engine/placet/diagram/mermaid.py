"""A definition as the text of a Mermaid flowchart."""

from __future__ import annotations

import re

from placet.core.definition import Definition
from placet.diagram.outline import Form, arrows, figures

_SHAPES = {
    Form.START: '(("{}"))',
    Form.FINISH: '((("{}")))',
    Form.ASK: '("{}")',
    Form.CHOICE: '{{"{}"}}',
    Form.BAR: '[["{}"]]',
    Form.STEP: '["{}"]',
}


def to_mermaid(definition: Definition) -> str:
    """A top-down flowchart; its nodes are numbered, since an id may be a word that Mermaid keeps for itself."""
    lines = [f"---\ntitle: {_front_matter(definition.name)}\n---", "flowchart TD"]
    numbers = {}
    for number, figure in enumerate(figures(definition)):
        numbers[figure.id] = f"n{number}"
        text = _escape(figure.title) + (f"<br/><small>{_escape(figure.detail)}</small>" if figure.detail else "")
        lines.append(f"    n{number}{_SHAPES[figure.form].format(text)}")
    for arrow in arrows(definition):
        label = f'|"{_escape(arrow.label)}"|' if arrow.label else ""
        lines.append(f"    {numbers[arrow.source]} -->{label} {numbers[arrow.target]}")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    """Every character that Mermaid or HTML could take for its own, by its number."""
    one_line = " ".join(text.split())
    return re.sub(r"[^\w .,:()/'’…%+=-]", lambda found: f"#{ord(found[0])};", one_line)


def _front_matter(text: str) -> str:
    quoted = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'
