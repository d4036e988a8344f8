"""A few requests of the last days, so that people have something in their inboxes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from placet.core.names import definition_dn, user_dn
from placet.demo.cast import Cast
from placet.demo.permits import EMPLOYEE, Do, Permit, Step
from placet.demo.stories import Scene, Story, story_of_permit

LEAVE, ORDER, PERMIT = definition_dn("Leave request"), definition_dn("Purchase order"), definition_dn("Travel permit")

#: The correlation id of the request that is made last.
LAST = "demo-leave-3"


def todays_stories(now: datetime, cast: Cast) -> list[Story]:
    """Leave, orders and permits that were asked for in the days before `now`."""
    return [*_leave(now), *_orders(now), *_permits(now, cast)]


def _leave(now: datetime) -> list[Story]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def request(days: int, begins_in: int, reason: str | None = None) -> dict[str, Any]:
        data: dict[str, Any] = {"days": days, "first_day": (today + timedelta(days=begins_in)).isoformat()}
        return data if reason is None else {**data, "reason": reason}

    return [
        _story(
            LEAVE, "leave-1", _start(now, 52, "anna", request(5, 40)), _act(now, 49, Do.APPROVE, "ben", "Enjoy it.")
        ),
        _story(
            LEAVE,
            "leave-2",
            _start(now, 21, "anna", request(3, 18)),
            _act(now, 2, Do.RETURN, "ben", "Samir is away in that week; would the week after work for you?"),
        ),
        _story(LEAVE, "leave-3", _start(now, 0, "samir", request(2, 18, "Moving house"))),
        _story(LEAVE, "leave-4", _start(now, 19, "ben", request(8, 60))),
        _story(LEAVE, "leave-5", _start(now, 22, "samir", request(25, 90, "Journey to the family"))),
        _story(
            LEAVE,
            "leave-6",
            _start(now, 70, "greta", request(10, 3)),
            _act(now, 66, Do.DENY, "oskar", "The books are closed in that week, I need you here."),
        ),
    ]


def _orders(now: datetime) -> list[Story]:
    def order(supplier: str, amount: str, cost_centre: str, *lines: tuple[str, int, float]) -> dict[str, Any]:
        listed = [{"article": article, "quantity": quantity, "price": price} for article, quantity, price in lines]
        return {"supplier": supplier, "amount": amount, "cost_centre": cost_centre, "lines": listed}

    chairs = order("Nordic Office", "1840.50", "4100", ("Desk chair", 5, 368.10))
    servers = order("Halden Systems", "12600", "4200", ("Rack server", 3, 4200.0))
    press = order("Brandt Maschinen", "68000", "5300", ("Hydraulic press", 1, 68000.0))
    paper = order("Papeterie Roux", "212.40", "4100", ("Printing paper, box", 12, 17.70))
    return [
        _story(ORDER, "order-1", _start(now, 20, "anna", chairs)),
        _story(ORDER, "order-2", _start(now, 7, "samir", servers)),
        _story(ORDER, "order-3", _start(now, 3, "ben", press)),
        _story(ORDER, "order-4", _start(now, 30, "samir", paper), _act(now, 28, Do.APPROVE, "ben")),
    ]


def _permits(now: datetime, cast: Cast) -> list[Story]:
    """Requests of the university, one with each kind of approver and one back with its employee."""
    chain = ("ADMINISTRATION", "BUDGET OWNER", "SUPERVISOR", "DIRECTOR")
    stories = []
    for agreed, case in enumerate(range(90001, 90001 + len(chain))):
        begun = now - timedelta(hours=26 - 5 * agreed)
        steps = [Step(begun, Do.START, EMPLOYEE, chain)]
        steps += [
            Step(begun + timedelta(minutes=40 * turn), Do.APPROVE, role) for turn, role in enumerate(chain[:agreed], 1)
        ]
        stories.append(_permit(Permit(str(case), steps), now, cast))
    back = [
        Step(now - timedelta(hours=9), Do.START, EMPLOYEE, ("PRE_APPROVER", "SUPERVISOR")),
        Step(now - timedelta(hours=1), Do.RETURN, "PRE_APPROVER", text="Please add where you are going to stay."),
    ]
    return [*stories, _permit(Permit("90005", back), now, cast)]


def _permit(permit: Permit, now: datetime, cast: Cast) -> Story:
    begins = now + timedelta(days=int(permit.case) % 7 + 14)
    trip = {"trip_start": begins.isoformat(), "trip_end": (begins + timedelta(days=4)).isoformat()}
    return story_of_permit(permit, PERMIT, cast, trip)


def _story(definition: str, correlation_id: str, *scenes: Scene) -> Story:
    return Story(definition, f"demo-{correlation_id}", scenes)


def _start(now: datetime, hours_ago: float, person: str, data: dict[str, Any]) -> Scene:
    return Scene(now - timedelta(hours=hours_ago), Do.START, user_dn(person), data)


def _act(now: datetime, hours_ago: float, do: Do, person: str, text: str | None = None) -> Scene:
    return Scene(now - timedelta(hours=hours_ago), do, user_dn(person), text=text)
