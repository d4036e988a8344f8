"""What people are shown of a request: no secret, in whichever way it is written."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2
import pytest

from placet.connectors.authentication import Credentials
from placet.connectors.hidden import Hider

SECRET = 'pa/ss "wörd" + 1'
HIDDEN = "hidden-1"
HIDER = Hider([SECRET], frozenset({"x-custom"}))


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_hidden_in_every_spelling(spelled: str):
    assert HIDER.text(f"before {spelled} after").strip('"') in ("before *** after", 'before "***" after')


def test_a_short_secret_does_not_make_a_text_unreadable():
    assert Hider(["a"]).text("a banana") == "a banana"
    assert Hider(["a"]).value({"password": "a"}) == {"password": "***"}


def test_a_secret_within_another_leaves_nothing_of_either():
    assert Hider(["secret", "secret of mine"]).text("the secret of mine") == "the ***"


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "client_secret", "password", "code",
     "refresh_token", "access_token", "id_token", "code_verifier", "assertion", "private_key", "X-Custom", "apiKey"],
)  # fmt: skip
def test_what_stands_under_a_telling_name_is_hidden(name: str):
    request = httpx2.Request("POST", f"https://a.example/?{name}=hidden-1", headers={name: HIDDEN}, json={name: HIDDEN})
    form = httpx2.Request("POST", "https://a.example/", data={name: HIDDEN})
    parts = httpx2.Request("POST", "https://a.example/", files=[(name, (None, HIDDEN)), ("b", (None, "seen"))])

    parts.read()

    for each in (request, form, parts):
        shown = HIDER.request(each)
        assert HIDDEN not in repr(shown)
        assert "***" in repr(shown)
    assert "seen" in repr(HIDER.request(parts))


def test_the_code_of_a_fault_is_shown():
    assert HIDER.value({"code": 17, "key": "E17", "auth": None}) == {"code": 17, "key": "E17", "auth": None}
    assert HIDER.value({"password": 1234, "token": False}) == {"password": "***", "token": False}


def test_what_only_has_a_telling_name_may_be_left():
    told = {"token": "theirs", "said": [SECRET]}
    assert HIDER.value(told, by_name=False) == {"token": "theirs", "said": ["***"]}


def test_everything_else_is_shown():
    request = httpx2.Request(
        "POST",
        "https://a.example/b?c=d&e=f%20g",
        headers={"x-plain": "h"},
        json={"token_type": "bearer", "i": [1, None]},
    )
    shown = HIDER.request(request)

    assert (shown.method, shown.url) == ("POST", "https://a.example/b?c=d&e=f%20g")
    assert shown.headers["x-plain"] == "h"
    assert shown.body == '{"token_type": "bearer", "i": [1, null]}'


def test_a_request_without_a_body_shows_none():
    assert HIDER.request(httpx2.Request("GET", "https://a.example/")).body is None


def test_a_long_body_is_cut_after_its_secrets_are_hidden():
    shown = HIDER.request(httpx2.Request("POST", "https://a.example/", content=("x" * 3_990 + SECRET).encode()))

    assert shown.body == "x" * 3_990 + "***"


def test_an_answer_is_hidden_at_every_depth():
    told = {"a": [{"b": f"you said {SECRET}"}], "refresh_token": "r", "expires_in": 3600, SECRET: 1, "n": None}

    assert HIDER.value(told) == {
        "a": [{"b": "you said ***"}], "refresh_token": "***", "expires_in": 3600, "***": 1, "n": None,
    }  # fmt: skip


def test_the_hider_itself_shows_nothing():
    assert SECRET not in repr(HIDER)


def test_what_a_service_writes_otherwise_is_hidden_too():
    pair = base64.b64encode(f"user:{SECRET}".encode()).decode()
    hider = Hider([SECRET, *Credentials({"Authorization": f"Basic {pair}"}).secrets])

    for spelled in (pair, html.escape(SECRET), quote(SECRET, safe="").lower(), json.dumps(SECRET).replace("/", r"\/")):
        assert hider.text(f"<{spelled}>").replace('"', "") == "<***>"
    assert Hider(["half \ud800 of it"]).text("a half \ud800 of it b") == "a *** b"


@pytest.mark.parametrize("before", range(90, 111))
def test_no_beginning_of_a_secret_is_left_at_a_cut(before: int):
    text = "x" * before + SECRET + " and more" * 50
    shown = HIDER.beginning(text, 100)

    assert shown.endswith("…")
    assert len(shown) <= 101
    assert shown.strip("x*…").strip(" andmore") == ""
    assert HIDER.value([text], most=112) == [shown]


def test_of_what_is_large_only_the_beginning_is_looked_at():
    looked_at = 0

    class Text(str):
        __slots__ = ()

        def replace(self, *given: Any) -> str:
            nonlocal looked_at
            looked_at += 1
            return self

    many = [Text("some text")] * 1_000_000
    shown = HIDER.value({"a": many, "b": 1}, most=1_000)

    assert shown["a"][-1] == "…"
    assert shown["…"] == "…"
    assert len(shown["a"]) < 100
    assert looked_at < 2_000
    assert len(HIDER.value({"x" * 5_000: 1}, most=1_000).popitem()[0]) <= 1_001


def test_the_spellings_of_a_secret_are_looked_up_once(monkeypatch: pytest.MonkeyPatch):
    spelled = []
    monkeypatch.setattr("placet.connectors.hidden._spellings", lambda secret: spelled.append(secret) or {secret})
    Hider([SECRET]).value([f"{each} {SECRET}" for each in range(100)])

    assert spelled == [SECRET]


def test_a_beginning_is_as_long_as_it_may_be_and_stars_bring_no_end_into_view():
    assert HIDER.beginning("x" * 500, 100) == "x" * 100 + "…"
    for most in range(100, 130):
        shown = HIDER.beginning(SECRET * 50, most)
        assert set(shown) <= {"*", "…"}, shown
