"""Comments of a process, and of the step that a work item is about."""

from __future__ import annotations

from placet import Comment, Definition
from placet.commands import AddComment
from placet.errors import InvalidInput
from placet.query.ast import Comparison
from placet.query.criterion import parse_criterion
from placet.query.fields import COMMENTS
from placet_api.answers import Answer
from placet_api.body import text_of
from placet_api.params import Query
from placet_api.ris.request import NO_CONTENT, Request

_FILTER = frozenset({"filter"})


async def of_process(request: Request) -> Answer:
    """All comments of a process, the oldest first."""
    query, process_id = request.query(_FILTER), request.id("process")
    found = await request.engine.process(process_id, actor=request.actor.dn)
    comments = await request.engine.comments(process_id, actor=request.actor.dn)
    return _answer(request, query, comments, found.definition)


async def of_work_item(request: Request) -> Answer:
    """The comments that were made at the step of a work item, the oldest first."""
    query, item_id = request.query(_FILTER), request.id("work item")
    found = await request.engine.work_item(item_id, actor=request.actor.dn)
    comments = await request.engine.comments(found.process.id, actor=request.actor.dn)
    mine = [comment for comment in comments if comment.activity == found.item.activity]
    return _answer(request, query, mine, found.definition)


async def add_to_process(request: Request) -> Answer:
    request.query()
    process_id, text = request.id("process"), await _text(request)
    await request.engine.comment(process_id, text, actor=request.actor.dn)
    return NO_CONTENT


async def add_to_work_item(request: Request) -> Answer:
    request.query()
    item_id, text = request.id("work item"), await _text(request)
    found = await request.engine.work_item(item_id, actor=request.actor.dn)
    command = AddComment(process_id=found.process.id, number=found.item.number, text=text, actor=request.actor.dn)
    await request.engine.handle(command)
    return NO_CONTENT


async def _text(request: Request) -> str:
    text = text_of(await request.body(), "Comment")
    if text is None:
        raise InvalidInput("The body has no Comment; give the text as Comment.")
    return text


def _answer(request: Request, query: Query, comments: list[Comment], definition: Definition) -> Answer:
    wanted = [parse_criterion(text, COMMENTS) for text in query.all("filter")]
    kept = [comment for comment in comments if all(_fits(comment, criterion) for criterion in wanted)]
    return request.answer([request.render.comment(comment, definition) for comment in kept])


def _fits(comment: Comment, criterion: Comparison) -> bool:
    return criterion.value == int(comment.system)
