"""A browser as far as a test of pages needs one: it keeps the cookie of its session, and says where it comes from."""

from __future__ import annotations

import html
import re

import httpx2

from tests.acceptance.conftest import PASSWORD, RunningServer

_TAG = re.compile(r"<[^>]*>")


class Browser(httpx2.AsyncClient):
    """A client that is signed in; paths are those below the console."""

    async def page(self, path: str, expected: int = 200) -> str:
        """The text of a page as it is read: without its tags."""
        return self._read(await self.get(f"/console{path}"), expected)

    async def submit(self, path: str, expected: int = 303, **members: str) -> str:
        """Send the form of a page; gives where it leads, or the text of the page that answers."""
        answer = await self.post(f"/console{path}", data=members)
        text = self._read(answer, expected)
        return str(answer.headers["location"]) if expected == 303 else text

    def _read(self, answer: httpx2.Response, expected: int) -> str:
        assert answer.status_code == expected, answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        return " ".join(html.unescape(_TAG.sub(" ", answer.text)).split())


async def signed_in(server: RunningServer, user: str) -> Browser:
    """Somebody's browser; it belongs to the server, which closes it."""
    answer = await server("").post("/v1/session", json={"User": user, "Password": PASSWORD})
    assert answer.status_code == 201, answer.text
    cookies = {"placet_session": answer.cookies["placet_session"]}
    browser = Browser(base_url=server.url, cookies=cookies, headers={"Origin": server.url})
    server.keep(browser)
    return browser
