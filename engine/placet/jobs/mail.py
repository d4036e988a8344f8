"""Mails as jobs: each is sent until the server has it for everybody, or has refused for good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from placet.connectors.records import Retry
from placet.core.people import Directory
from placet.core.records import Job
from placet.jobs.calls import wait
from placet.jobs.circuit import Bounds
from placet.jobs.runner import Done, Result, Runner, TryAgain
from placet.mail.addresses import Mailbox, mailbox
from placet.mail.letter import Letter
from placet.mail.post import MOST_CONNECTIONS, Delivery, Post, Reply
from placet.query.storable import storable
from placet.store import mail_choices, work_items
from placet.store.writer import Writer

#: Greylisting servers want to be asked again after minutes; a server that is away for an hour keeps nobody waiting.
RETRY = Retry(attempts=10, first=timedelta(seconds=30), factor=2, longest=timedelta(minutes=30), jitter=False)
NO_SERVER = (
    "No mail server is known here; set smtp_url, for example PLACET_SMTP_URL=smtp://user:password@mail.example.org, "
    "and mail_from, then retry this incident."
)
_MOST_NAMED = 5  # recipients in one message


class MailRunner(Runner):
    """Runs the jobs of kind `mail`; without a `post` no mail can be sent."""

    def __init__(self, store: Writer, people: Callable[[], Directory], post: Post | None) -> None:
        self._store, self._people, self._post = store, people, post

    async def run(self, job: Job) -> Result:
        """Hand a mail in for everybody who has not got it yet."""
        is_notice = "notify" in job.payload
        if is_notice and (self._post is None or not await self._is_wanted(job)):
            return Done("dropped")
        if self._post is None:
            return Done("fault", None, NO_SERVER)
        to, missing = self._mailboxes(job.payload["to"])
        cc, _ = self._mailboxes(job.payload["cc"], but=to)
        boxes = {**to, **cc}
        if not to:
            names = f": no mail address that can be used has {', '.join(missing[:_MOST_NAMED])}" if missing else ""
            return Done("dropped") if is_notice else Done("fault", None, f"There is nobody to send the mail to{names}.")
        done = [address for address in job.payload.get("done", ()) if address in boxes]
        letter = _letter(job.payload, list(to.values()), list(cc.values()))
        delivery = await self._post.send(letter, [address for address in boxes if address not in done])
        return self._result(job, delivery, [*done, *delivery.accepted])

    async def bounds(self, lane: str) -> tuple[str, Bounds]:
        """A few mails at once, and none for a while where the server is away."""
        return lane, Bounds(MOST_CONNECTIONS)

    def _result(self, job: Job, delivery: Delivery, done: list[str]) -> Result:
        others = delivery.others
        if not others:
            return Done("success")
        tried = len(job.payload["tries"]) + 1
        reason = storable(_reason(others, done, tried))  # servers say what they like
        response = {"success": False, "code": next(iter(others.values())).code, "error": reason}
        may_change = any(reply.may_change for reply in others.values())
        if delivery.accepted:  # who has it is written down first; the next try is for the others alone
            after = _pause(tried) if may_change else timedelta()
            return TryAgain(after, reason, response, {"done": done}, delivery.server_works)
        if may_change and tried < RETRY.attempts:
            return TryAgain(_pause(tried), reason, response, works=delivery.server_works)
        return Done("fault", response, reason, delivery.server_works)

    async def _is_wanted(self, job: Job) -> bool:
        """Whether whom a notification tells still wants to be told."""
        (dn,) = job.payload["to"]
        person = self._people().person(dn)
        if person is None or not person.active:
            return False
        kind, item = job.payload["notify"], job.payload["item"]
        return await self._store.read(
            lambda tx: (
                mail_choices.is_wanted(tx, person.id, kind)
                and (item is None or work_items.is_open(tx, job.process_id, item))
            )
        )

    def _mailboxes(
        self, entries: list[str], but: Mapping[str, Mailbox] | None = None
    ) -> tuple[dict[str, Mailbox], list[str]]:
        """The mailboxes behind DNs of active users and groups and behind addresses, and who has none."""
        directory, found, missing = self._people(), dict[str, Mailbox](), list[str]()
        for entry in entries:
            for name, address in _people_of(directory, entry):
                box = mailbox(address, name)
                if box is None:
                    missing.append(name or address)
                elif box.address not in (but or {}):
                    found.setdefault(box.address, box)
        return found, missing


def _pause(tried: int) -> timedelta:
    return wait(RETRY, tried, None, lambda: 1.0)


def _people_of(directory: Directory, entry: str) -> list[tuple[str, str]]:
    """Names and addresses of whom an entry of a mail's recipients means."""
    group, person = directory.group(entry), directory.person(entry)
    if group is not None:
        return [(each.full_name, each.email) for each in directory.active_members(group)] if group.active else []
    if person is not None:
        return [(person.full_name, person.email)] if person.active else []
    return [("", entry)]


def _letter(payload: Mapping[str, Any], to: list[Mailbox], cc: list[Mailbox]) -> Letter:
    return Letter(
        key=payload["key"], subject=payload["subject"], text=payload["text"], html=payload["html"], to=to, cc=cc
    )


def _reason(others: Mapping[str, Reply], done: list[str], tried: int) -> str:
    """Why a mail is not with everybody, as people are told."""
    told: dict[str, list[str]] = {}
    for address, reply in others.items():
        told.setdefault(str(reply), []).append(address)
    said = "; ".join(f"{_several(addresses)}: {reply}" for reply, addresses in list(told.items())[:_MOST_NAMED])
    times = "" if tried == 1 else f" after {tried} tries"
    with_others = f", and was to {len(done)}" if done else ""
    return f"The mail could not be sent{times} to {said}{with_others}."


def _several(addresses: list[str]) -> str:
    more = len(addresses) - _MOST_NAMED
    return ", ".join(addresses[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
