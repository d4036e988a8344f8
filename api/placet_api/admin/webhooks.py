"""`/v1/webhooks`: who is told of which events, and what did not arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.errors import InvalidInput
from placet.query.times import format_time
from placet.webhooks.manage import Delivery, Ping, WithSecret
from placet.webhooks.records import Wanted, Webhook
from placet_api.admin.paging import PAGING, cursor_of, limit_of, part
from placet_api.answers import Answer, Headers, json_answer
from placet_api.body import flag_of, list_of, text_of
from placet_api.ris.request import NO_CONTENT, Request

_NEVER_KEPT = (b"cache-control", b"no-store")  # a secret, or what somebody else has answered
_STATES = {"dead": True, "waiting": False}


async def every(request: Request) -> Answer:
    """All by name; takes PM_SETUP_ADVANCE, as everything here does."""
    request.query()
    webhooks = request.engine.webhooks
    found, counts = await webhooks.every(request.caller), await webhooks.counts(request.caller)
    return request.answer([_described(request, each, counts) for each in found])


async def one(request: Request) -> Answer:
    request.query()
    return await _answer(request, await _found(request))


async def add(request: Request) -> Answer:
    """Add one that is told of what happens from now on; its secret is in this answer alone."""
    request.query()
    body = await request.body()
    made = await request.engine.webhooks.add(request.caller, _wanted(body), text_of(body, "Secret") or None)
    return _with_secret(request, made, 201, ((b"location", _link(request, made.webhook).encode()),))


async def change(request: Request) -> Answer:
    """Put another in its place; its secret and what is on its way stay."""
    request.query()
    body, found = await request.body(), await _found(request)
    revision = request.matching_revision(found.revision, repr(found.name))
    made = await request.engine.webhooks.change(request.caller, found.id, _wanted(body), revision=revision)
    return await _answer(request, made)


async def remove(request: Request) -> Answer:
    request.query()
    found = await _found(request)
    revision = request.matching_revision(found.revision, repr(found.name))
    await request.engine.webhooks.remove(request.caller, found.id, revision=revision)
    return NO_CONTENT


async def change_secret(request: Request) -> Answer:
    """Sign by another secret, the body's or a new one; the one before it signs along for a day."""
    request.query()
    body = await request.body_if_any()
    secret = text_of(body, "Secret") or None
    return _with_secret(
        request, await request.engine.webhooks.change_secret(request.caller, request.id("webhook"), secret), 200
    )


async def test(request: Request) -> Answer:
    """Send a test, and tell how it went."""
    request.query()
    found = await request.engine.webhooks.test(request.caller, request.id("webhook"))
    return json_answer(trial(found), headers=(_NEVER_KEPT,), indented=request.target.debug)


def trial(found: Ping) -> dict[str, Any]:
    """How a test went, with every secret hidden; of the shape that tests of connectors have."""
    sent, response = found.request, found.response
    return {
        "Success": found.ok,
        "Message": found.message,
        "Milliseconds": round(found.took.total_seconds() * 1_000, 1),
        "Request": {"Method": sent.method, "URL": sent.url, "Headers": dict(sent.headers), "Body": sent.body},
        "Response": {name.title(): response[name] for name in ("code", "headers", "message", "error")},
        "Result": None,
    }


async def deliveries(request: Request) -> Answer:
    """Those that are dead, or with `state=waiting` those on their way, the oldest first."""
    query = request.query(PAGING | {"state"})
    state, cursor, limit = query.one("state") or "dead", cursor_of(query, r"[0-9]{1,15}"), limit_of(query)
    if state not in _STATES:
        raise InvalidInput(f"state: {state[:40]!r} is none; ask for state=dead, or state=waiting.")
    found = await request.engine.webhooks.deliveries(
        request.caller, request.id("webhook"), dead=_STATES[state], after=int(cursor or 0), limit=limit + 1
    )
    rows, headers = part(request, found, limit, lambda each: str(each.id))
    return request.answer([_delivery(request, each) for each in rows], headers=headers)


async def replay(request: Request) -> Answer:
    """Send what is dead on its way again: the event of the body, or all."""
    request.query()
    body = await request.body_if_any()
    count = await request.engine.webhooks.replay(
        request.caller, request.id("webhook"), text_of(body, "EventId") or None
    )
    return request.answer({"Replayed": count})


async def _found(request: Request) -> Webhook:
    return await request.engine.webhooks.one(request.caller, request.id("webhook"))


def _wanted(body: Mapping[str, Any]) -> Wanted:
    return Wanted(
        name=text_of(body, "Name") or "",
        url=text_of(body, "URL") or "",
        events=[text_of(each, "Value") or "" for each in list_of(body, "Events")],
        filter=text_of(body, "Filter") or "",
        active=flag_of(body, "Active") is not False,
    )


async def _answer(request: Request, webhook: Webhook) -> Answer:
    counts = await request.engine.webhooks.counts(request.caller)
    waiting, dead = counts.get(webhook.id, (0, 0))
    return request.answer_tagged(_described(request, webhook, counts), f"{webhook.revision}.{waiting}.{dead}")


def _with_secret(request: Request, made: WithSecret, status: int, headers: Headers = ()) -> Answer:
    value = _described(request, made.webhook, {}) | {"Secret": made.secret}
    return json_answer(value, status=status, headers=(_NEVER_KEPT, *headers), indented=request.target.debug)


def _described(request: Request, webhook: Webhook, counts: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    waiting, dead = counts.get(webhook.id, (0, 0))
    assert webhook.created_at is not None
    return {
        "GUID": webhook.id,
        "Link": _link(request, webhook),
        "Name": webhook.name,
        "URL": webhook.url,
        "Events": [{"Value": kind} for kind in webhook.events],
        "Filter": webhook.filter,
        "Active": webhook.active,
        "Trouble": webhook.trouble or "",
        "Waiting": waiting,
        "Dead": dead,
        "Revision": webhook.revision,
        "Created": format_time(webhook.created_at),
        "Updated": format_time(webhook.updated_at) if webhook.updated_at else "",
    }


def _delivery(request: Request, delivery: Delivery) -> dict[str, Any]:
    process_id = delivery.process_id
    return {
        "EventId": delivery.event_id,
        "Process": {"GUID": process_id, "Link": request.render.links.process + process_id},
        "Tries": delivery.tries,
        "LastError": delivery.last_error or "",
        "LastTry": format_time(delivery.last_at) if delivery.last_at else "",
        "NextTry": format_time(delivery.next_at) if delivery.next_at else "",
        "Died": format_time(delivery.dead_at) if delivery.dead_at else "",
    }


def _link(request: Request, webhook: Webhook) -> str:
    return f"{request.render.links.prefix}/webhooks/{webhook.id}"
