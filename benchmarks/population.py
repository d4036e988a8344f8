"""Who and what takes part: people, one definition, one request; the same for every part and every peer."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from placet import Engine

DEFINITIONS = Path(__file__).parent / "definitions"
PURCHASES = Path(__file__).parent / "purchases"
DEFINITION, PURCHASE = "One approval", "Purchase"
PEOPLE = 200
PASSWORD = "a password of the benchmark"

#: Three data items, 200 bytes of values.
DATA: dict[str, Any] = {
    "title": "A laptop with docking station for a new colleague",
    "amount": 1499.95,
    "reason": "The old one no longer starts, its battery does not hold for one hour, and the repair would cost more "
    "than a new one with three years of warranty",
}


def user_name(number: int, people: int = PEOPLE) -> str:
    return f"user{number % people:03d}"


def dn(number: int, people: int = PEOPLE) -> str:
    return f"cn={user_name(number, people)},ou=users,o=placet"


def manager(number: int, people: int = PEOPLE) -> int:
    """Each ten people share one manager; the first person has the second."""
    return number % people // 10 if number % people else 1


def people_file(folder: Path, people: int = PEOPLE) -> Path:
    """A directory of people; the first has a password and signs in."""
    users = [
        {
            "usr_username": user_name(number, people),
            "usr_firstname": "User",
            "usr_lastname": str(number),
            "manager": user_name(manager(number, people), people),
        }
        for number in range(people)
    ]
    users[0]["password"] = PASSWORD
    path = folder / "people.json"
    path.write_text(json.dumps({"users": users, "groups": []}))
    return path


def sign_in(name: str = user_name(0), password: str = PASSWORD) -> dict[str, str]:
    """The header of a client that signs in with every request."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def start_body() -> bytes:
    """A start over `/v1/wf`."""
    items = [{"Name": name, "Value": str(value)} for name, value in DATA.items()]
    return json.dumps({"Recipient": user_name(0), "DataItems": items}).encode()


async def _prepare(url: str, folder: Path, people: int, definitions: int, source: Path) -> str:
    text, name = _only_file(source).read_text(), PURCHASE if source == PURCHASES else DEFINITION
    async with Engine(url, definitions=source, run_jobs=False) as engine:
        for number in range(2, definitions + 1):
            await engine.as_system().deploy(text.replace(f"name: {name}", f"name: {name} {number}"))
        await engine.as_system().load_people(people_file(folder, people))
        return (await engine.as_system().definition(name)).guid


def _only_file(folder: Path) -> Path:
    [file] = folder.iterdir()
    return file


def prepare(url: str, folder: Path, people: int = PEOPLE, definitions: int = 1, source: Path = DEFINITIONS) -> str:
    """Make a database with people and copies of a folder's definition; return the GUID of the first of them."""
    return asyncio.run(_prepare(url, folder, people, definitions, source))
