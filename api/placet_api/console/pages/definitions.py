"""Definitions: the list, one in all its versions, what changed between two, and checking and deploying a new text."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from placet import Definition
from placet.core.access import Act
from placet.core.definition import DataItem
from placet.core.form import in_english
from placet.deployment import Dated
from placet.diagram import to_svg
from placet.diagram.outline import figures
from placet.errors import Conflict, InvalidDefinition, InvalidInput, NotFound
from placet.loader import Fault, parse_definition
from placet.query.storable import unstorable_in
from placet_api.answers import Answer
from placet_api.console.differences import Changed, changes, lines
from placet_api.console.page import CONTENT_SECURITY_POLICY, Page
from placet_api.console.routes import get, post

_TABS = {"diagram": "Diagram", "activities": "Activities", "form": "Start form", "yaml": "YAML", "versions": "Versions"}
_FILE = "definition"
_NEW = """\
name: Leave request
data:
  reason: {type: string, required: true}
start: manager
activities:
  manager:
    kind: approval
    name: Manager's approval
    addressees: initiator.manager
    fallback: cn=HR,ou=groups,o=placet
    paths: {approved: done, denied: done}
  done: {kind: finish}
"""


# -- looking ---------------------------------------------------------------------------------------


async def every(page: Page) -> Answer:
    """All definitions by name; `q` is part of a name, category or description, `retired` asks for the others."""
    found = await page.engine.definitions(actor=page.person.dn)
    words, retired = page.asked("q").casefold(), page.asked("retired") == "true"
    shown = [each for each in found if each.retired == retired and _says(each, words)]
    return page.render(
        "definitions/every.html",
        definitions=sorted(shown, key=lambda each: each.name.casefold()),
        counts=(sum(not each.retired for each in found), sum(each.retired for each in found)),
        words=page.asked("q"),
        retired=retired,
        may_change=page.may(Act.CHANGE_DEFINITIONS),
    )


def _says(definition: Definition, words: str) -> bool:
    said = " ".join((definition.name, definition.category, definition.description, definition.dn)).casefold()
    return all(word in said for word in words.split())


async def one(page: Page) -> Answer:
    """One version of a definition, the newest unless `version` names another."""
    versions = await page.engine.versions(page.parameters["id"], actor=page.person.dn)
    shown, newest = _version(versions, page.asked("version")), versions[0].definition
    asked = page.asked("tab")
    tab = asked if asked in _TABS else "diagram"
    return page.render(
        "definitions/one.html",
        definition=shown.definition,
        deployed_at=shown.deployed_at,
        newest=newest,
        versions=versions,
        tabs=_TABS,
        tab=tab,
        diagram=to_svg(shown.definition, is_piece=True) if tab == "diagram" else "",
        activities=_activities(shown.definition),
        fields=_form(shown.definition),
        may_change=page.may(Act.CHANGE_DEFINITIONS),
        may_start=page.may(Act.START) and not newest.retired,
    )


def _version(versions: list[Dated], asked: str) -> Dated:
    if not asked:
        return versions[0]
    found = next((each for each in versions if str(each.definition.version) == asked), None)
    if found is None:
        name, newest = versions[0].definition.name, versions[0].definition.version
        raise NotFound(f"{name} has no version {asked[:20]!r}; it has versions 1 to {newest}.")
    return found


@dataclass(frozen=True, slots=True)
class _Activity:
    """An activity as a row: where each of its paths leads."""

    id: str
    kind: str
    title: str
    detail: str
    paths: tuple[tuple[str, str], ...]


def _activities(definition: Definition) -> list[_Activity]:
    shown = {figure.id: figure for figure in figures(definition)}
    return [
        _Activity(
            id_,
            type(activity).__name__.removesuffix("Activity"),
            shown[id_].title,
            shown[id_].detail,
            tuple(activity.paths.items()) or tuple(("", each) for each in getattr(activity, "targets", ())),
        )
        for id_, activity in definition.activities.items()
    ]


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a start form as a row."""

    name: str
    label: str
    type: str
    required: bool
    help: str


def _form(definition: Definition) -> list[_Field]:
    """What a start form asks for; without one, every data item that people may give."""
    if definition.form is None:
        return [_Field(name, name, _type(item), item.required, "") for name, item in definition.asked.items()]
    return [
        _Field(
            each.item,
            in_english(each.labels) or each.item,
            _type(definition.data[each.item]),
            each.required or definition.data[each.item].required,
            in_english(each.helps),
        )
        for each in definition.form.fields.values()
    ]


def _type(item: DataItem) -> str:
    return f"{item.type.value}, several" if item.multi_valued else item.type.value


async def diagram(page: Page) -> Answer:
    """The picture of a version as a file of its own, whose rules of style are its own too."""
    versions = await page.engine.versions(page.parameters["id"], actor=page.person.dn)
    drawn = to_svg(_version(versions, page.asked("version")).definition)
    policy = CONTENT_SECURITY_POLICY.replace("style-src 'self'", "style-src 'unsafe-inline'")
    headers = (
        (b"content-type", b"image/svg+xml"),
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    )
    return Answer(200, drawn.encode(), headers)


async def compare(page: Page) -> Answer:
    """What two versions do not have in common; without `from` and `to` the newest and the one before it."""
    versions = await page.engine.versions(page.parameters["id"], actor=page.person.dn)
    new = _version(versions, page.asked("to"))
    old = _version(versions, page.asked("from") or str(max(1, new.definition.version - 1)))
    return page.render(
        "definitions/compare.html",
        old=old,
        new=new,
        versions=versions,
        lines=lines(old.definition.source, new.definition.source),
        changes=changes(old.definition, new.definition),
    )


# -- changing --------------------------------------------------------------------------------------


async def edit(page: Page) -> Answer:
    """The text of a definition to be changed; of a new one where no `id` is named."""
    if "id" not in page.parameters:
        return _editor(page, _NEW, over=0)
    versions = await page.engine.versions(page.parameters["id"], actor=page.person.dn)
    shown = _version(versions, page.asked("version")).definition
    return _editor(page, shown.source, over=versions[0].definition.version, based_on=shown)


async def check(page: Page) -> Answer:
    """The faults of a text in place, and what would be deployed where it has none; nothing is stored."""
    text, over, based_on, fault = await _given(page)
    if fault:
        return _editor(page, text, over, based_on, trouble=fault, status=422)
    try:
        read = await asyncio.to_thread(parse_definition, text, _FILE)
    except InvalidDefinition as failure:
        return _editor(page, text, over, based_on, faults=failure.faults, status=422)
    return _editor(page, text, over, based_on, read=read, changed=_changed(based_on, read))


async def deploy(page: Page) -> Answer:
    """Make a text the next version; refused where somebody else has deployed meanwhile."""
    text, over, based_on, fault = await _given(page)
    if fault:
        return _editor(page, text, over, based_on, trouble=fault, status=422)
    try:
        deployed = await page.engine.deploy(text, _FILE, actor=page.person.dn, over=over)
    except InvalidDefinition as failure:
        return _editor(page, text, over, based_on, faults=failure.faults, status=422)
    except Conflict as failure:
        return _editor(page, text, over, based_on, trouble=failure.message, status=409)
    name, version = deployed.definition.name, deployed.version
    said = (
        f"{name}: version {version} is deployed." if deployed.is_new else f"{name} is as it was, at version {version}."
    )
    return page.redirect(page.url("/definitions", deployed.definition.guid), said=said)


async def _given(page: Page) -> tuple[str, int, Definition | None, str]:
    """The text, which version it goes over, the newest of that definition if it has one, what is wrong with a file."""
    form = await page.form("file")
    text, over = form.raw("text"), form.get("over")
    file = form.files.get("file", b"") or form.get("file").encode()
    fault = ""
    try:
        text = file.decode("utf-8-sig") or text
        if unstorable_in(text) is not None:
            raise ValueError
    except ValueError:
        text, fault = (
            form.raw("text"),
            "The file is no text in UTF-8: choose another one, or write the definition below.",
        )
    if not fault and not text.strip():
        raise InvalidInput("There is no text; write a definition, or choose a file.")
    if not over.isascii() or not over.isdigit() or len(over) > 9:
        raise InvalidInput(f"The version {over[:20]!r} is not a number; open the definition again.")
    if "id" not in page.parameters:
        return text, int(over), None, fault
    return text, int(over), await page.engine.definition(page.parameters["id"], actor=page.person.dn), fault


def _changed(old: Definition | None, new: Definition) -> list[Changed] | None:
    return None if old is None else changes(old, new)


def _editor(
    page: Page,
    text: str,
    over: int,
    based_on: Definition | None = None,
    *,
    faults: Iterable[object] = (),
    trouble: str = "",
    read: Definition | None = None,
    changed: Sequence[Changed] | None = None,
    status: int = 200,
) -> Answer:
    by_line: dict[int, list[Fault]] = {}
    for fault in faults:
        assert isinstance(fault, Fault)  # of what was read from one text
        by_line.setdefault(fault.line, []).append(fault)
    return page.render(
        "definitions/edit.html",
        status=status,
        text=text,
        source=text.splitlines(),
        over=over,
        based_on=based_on,
        faults=list(faults),
        by_line=by_line,
        trouble=trouble,
        read=read,
        changed=changed,
    )


async def retire(page: Page) -> Answer:
    """Let a definition start nothing any more."""
    definition = await page.engine.definition(page.parameters["id"], actor=page.person.dn)
    await page.engine.retire(definition.guid, actor=page.person.dn)
    said = f"{definition.name} starts nothing any more; its processes go on."
    return page.redirect(page.url("/definitions", definition.guid), said=said)


ROUTES = (
    get("/definitions", every, act=Act.LIST_DEFINITIONS),
    get("/definitions/new", edit, act=Act.CHANGE_DEFINITIONS),
    post("/definitions/new/check", check, act=Act.CHANGE_DEFINITIONS),
    post("/definitions/new/deploy", deploy, act=Act.CHANGE_DEFINITIONS),
    get("/definitions/{id}", one, act=Act.LIST_DEFINITIONS),
    get("/definitions/{id}/diagram.svg", diagram, act=Act.LIST_DEFINITIONS),
    get("/definitions/{id}/compare", compare, act=Act.LIST_DEFINITIONS),
    get("/definitions/{id}/edit", edit, act=Act.CHANGE_DEFINITIONS),
    post("/definitions/{id}/check", check, act=Act.CHANGE_DEFINITIONS),
    post("/definitions/{id}/deploy", deploy, act=Act.CHANGE_DEFINITIONS),
    post("/definitions/{id}/retire", retire, act=Act.CHANGE_DEFINITIONS),
)
