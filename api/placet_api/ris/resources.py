"""Every resource of the service: the shape of its path, the methods that it takes and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

from placet_api.answers import Answer
from placet_api.ris import comments, definitions, forms, inside, processes, waiting, work_items
from placet_api.ris.inside_schemas import DATA, DIAGRAM, HAPPENED
from placet_api.ris.request import Request
from placet_api.ris.resource import Resource
from placet_api.ris.schemas import COMMENT, DEFINITION, FORM, LINK, PROCESS, WORK_ITEM, Schema
from placet_api.ris.waiting_schemas import OFFER, WAIT


async def root(request: Request) -> Answer:
    """The three collections."""
    request.query()
    return request.answer(request.render.root())


#: By the shape of a path below `/v1`, a star for an id.
RESOURCES: Mapping[str, Resource] = {
    "": Resource({"GET": root}, Schema("/v1", LINK, "Link")),
    "wf/definitions": Resource(
        {"GET": definitions.every_definition}, Schema("/v1/wf/definitions", DEFINITION, "DefinitionInfo")
    ),
    "wf/definitions/*": Resource(
        {"GET": definitions.one_definition, "POST": definitions.start},
        Schema("/v1/wf/definitions/{Definition ID}", DEFINITION),
    ),
    "wf/definitions/*/form": Resource(
        {"GET": forms.of_definition, "POST": forms.of_definition},
        Schema("/v1/wf/definitions/{Definition ID}/form", FORM),
    ),
    "wf/processes": Resource({"GET": processes.every_process}, Schema("/v1/wf/processes", PROCESS, "ProcessInfo")),
    "wf/processes/*": Resource(
        {"GET": processes.one_process, "POST": processes.terminate, "DELETE": processes.terminate},
        Schema("/v1/wf/processes/{Process ID}", PROCESS),
    ),
    "wf/processes/*/comments": Resource(
        {"GET": comments.of_process, "POST": comments.add_to_process},
        Schema("/v1/wf/processes/{Process ID}/comments", COMMENT, "CommentInfo"),
    ),
    "wf/processes/*/data": Resource(
        {"GET": inside.data, "POST": processes.change_data}, Schema("/v1/wf/processes/{Process ID}/data", DATA)
    ),
    "wf/processes/*/timeline": Resource(
        {"GET": inside.timeline}, Schema("/v1/wf/processes/{Process ID}/timeline", HAPPENED, "EventInfo")
    ),
    "wf/processes/*/diagram": Resource(
        {"GET": inside.diagram}, Schema("/v1/wf/processes/{Process ID}/diagram", DIAGRAM)
    ),
    "wf/processes/*/pause": Resource({"POST": processes.pause}),
    "wf/processes/*/resume": Resource({"POST": processes.resume}),
    "wf/processes/*/waiting": Resource(
        {"GET": waiting.of_process}, Schema("/v1/wf/processes/{Process ID}/waiting", WAIT, "WaitInfo")
    ),
    "wf/processes/*/actions": Resource(
        {"GET": waiting.actions}, Schema("/v1/wf/processes/{Process ID}/actions", OFFER, "OfferInfo")
    ),
    "wf/workitems": Resource(
        {"GET": work_items.every_work_item}, Schema("/v1/wf/workitems", WORK_ITEM, "WorkitemInfo")
    ),
    "wf/workitems/*": Resource(
        {"GET": work_items.one_work_item, "PUT": work_items.act, "POST": work_items.act},
        Schema("/v1/wf/workitems/{Workitem ID}", WORK_ITEM),
    ),
    "wf/workitems/*/form": Resource(
        {"GET": forms.of_work_item, "POST": forms.of_work_item}, Schema("/v1/wf/workitems/{Workitem ID}/form", FORM)
    ),
    "wf/workitems/*/comments": Resource(
        {"GET": comments.of_work_item, "POST": comments.add_to_work_item},
        Schema("/v1/wf/workitems/{Workitem ID}/comments", COMMENT, "CommentInfo"),
    ),
}
