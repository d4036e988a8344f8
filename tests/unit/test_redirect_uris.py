"""Where an application may have its users sent back to, and what scopes allow."""

from __future__ import annotations

import pytest

from placet.directory.redirect_uris import check_redirect_uri, check_web_site, origin_of
from placet.directory.scopes import are_known, is_within, may_write
from placet.errors import InvalidInput


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org/cb",
        "http://127.0.0.1:8080/cb?x=1",
        "http://[::1]:8080/cb",
        "com.example.app:/signed-in",
        "https://example.org",
    ],
)
def test_complete_addresses_are_taken(uri: str):
    check_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/cb",
        "example.org/cb",
        "//example.org/cb",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "https://example.org/cb#fragment",
        "https://user@example.org/cb",
        "https:///cb",
        "https://example.org:port/cb",
        "https://example.org/a b",
        "https://example.org/\r\nSet-Cookie: a=b",
        "https://exämple.org/cb",
        'https://example.org/"><script>',
        "https://example.org/" + "a" * 2000,
    ],
)
def test_others_are_refused(uri: str):
    with pytest.raises(InvalidInput, match="redirect URI"):
        check_redirect_uri(uri)


def test_a_web_site_is_a_web_address_or_nothing():
    check_web_site("")
    check_web_site("https://example.org/about")
    for address in ("javascript:alert(1)", "app:/x", "example.org"):
        with pytest.raises(InvalidInput, match="web site"):
            check_web_site(address)


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://example.org/cb?x=1", "https://example.org"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/cb", "http:"),
        ("com.example.app:/cb", "com.example.app:"),
    ],
)
def test_an_origin_can_stand_in_a_policy(uri: str, origin: str):
    assert origin_of(uri) == origin


@pytest.mark.parametrize(
    ("scope", "writes"),
    [
        (None, True),
        ("*", True),
        ("edit_process", True),
        ("view_processes edit_processes", True),
        ("view_processes", False),
        ("view_process", False),
        ("view_process view_processes", False),
    ],
)
def test_who_only_views_may_not_write(scope: str | None, writes: bool):
    assert scope is None or are_known(scope)
    assert may_write(scope) is writes


@pytest.mark.parametrize("scope", ["admin", "view_processes admin", "*,edit_processes", "VIEW_PROCESSES", "* "])
def test_other_words_are_no_scopes(scope: str):
    assert not are_known(scope)


@pytest.mark.parametrize(
    ("scope", "granted", "within"),
    [
        ("*", None, True),
        ("*", "*", True),
        ("view_processes", "*", True),
        ("view_process", "view_processes edit_processes", True),
        ("edit_processes", "view_processes", False),
        ("*", "view_processes edit_processes", False),
    ],
)
def test_a_scope_never_grows(scope: str, granted: str | None, within: bool):
    assert is_within(scope, granted) is within
