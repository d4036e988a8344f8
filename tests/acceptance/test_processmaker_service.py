"""What holds for everything below `/api`: where it is, the order of checks, bodies in and errors out."""

from __future__ import annotations

import pytest

from placet.directory import roles
from placet.store import audit

BASE = "/api/1.0/workflow"
OPERATOR = f"{3:032}"
NOBODY = {"error": {"code": 401, "message": "Unauthorized"}}

pytestmark = pytest.mark.usefixtures("without_jobs")


def told(answer):
    """The status of a refusal and its message; its body has nothing else."""
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return body["error"]["code"], body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/1.1/workflow/roles", "Bad Request: Invalid API version."),
        ("/api", "Bad Request: Invalid API version."),
        ("/api/1.0/other/roles", "Bad Request: You have specified an unavailable workspace."),
        ("/api/1.0", "Bad Request: You have specified an unavailable workspace."),
    ],
)
async def test_version_and_workspace_are_looked_at_first(server, path, message):
    assert told(await server("").post(path, content=b"{")) == (400, message)


async def test_checks_come_in_their_order(server):
    """Each request has all the later faults as well."""
    no_json = {"content-type": "application/json"}
    in_order = [
        (server("").post(f"{BASE}/rolls", content=b"{", headers={"content-type": "text/plain"}), 403),
        (server("").post(f"{BASE}/rolls", content=b"{", headers=no_json | {"accept": "text/html"}), 400),
        (server("").post(f"{BASE}/rolls", content=b"{}", headers={"accept": "text/html"}), 406),
        (server("").post(f"{BASE}/rolls", json={}), 404),
        (server("").patch(f"{BASE}/role/short", json={}), 405),
        (server("").put(f"{BASE}/role/short", json={}), 401),
        (server("anna").put(f"{BASE}/role/short", json={}), 401),
        (server("admin").put(f"{BASE}/role/short", json={}), 400),
    ]

    assert [(await asked).status_code for asked, _ in in_order] == [status for _, status in in_order]


async def test_each_refusal_has_its_text(server):
    admin = server("admin")
    role = f"{BASE}/role"

    assert told(await server("").get(f"{BASE}/roles")) == (401, "Unauthorized")
    assert told(await server("anna").get(f"{BASE}/roles")) == (401, "Unauthorized")
    assert told(await admin.get(f"{BASE}/rolls")) == (404, "Not Found")
    assert told(await admin.patch(role, json={"a": 1})) == (405, "Method Not Allowed")
    assert told(await admin.post(role, content=b"{", headers={"content-type": "application/json"})) == (
        400,
        "Bad Request: Error parsing JSON, malformed JSON",
    )
    assert told(await admin.post(role, content=b"x", headers={"content-type": "text/plain"})) == (
        403,
        "Forbidden: Content type `text/plain` is not supported.",
    )
    assert told(await admin.get(f"{BASE}/roles", headers={"accept": "text/html"})) == (
        406,
        "Not Acceptable: Content negotiation failed. Try `application/json` instead.",
    )
    assert told(await admin.post(role, json=["a"]))[0] == 400
    assert told(await admin.post(role, json={"rol_code": "x" * 200_000}))[0] == 413


async def test_only_a_missing_sign_in_asks_for_one(server):
    assert "www-authenticate" in (await server("").get(f"{BASE}/roles")).headers
    assert "www-authenticate" not in (await server("anna").get(f"{BASE}/roles")).headers


async def test_a_method_that_is_not_taken_is_told_which_are(server):
    answer = await server("admin").delete(f"{BASE}/roles")

    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    options = await server("").options(f"{BASE}/role/{OPERATOR}")
    assert (options.status_code, options.headers["allow"]) == (200, "GET, HEAD, PUT, DELETE, OPTIONS")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("role/123", "Invalid value specified for `rol_uid`. Minimum 32 characters required."),
        (f"role/{OPERATOR}0", "Invalid value specified for `rol_uid`. Maximum 32 characters allowed."),
        ("role//users", "`rol_uid` is required."),
        ("user/1", "Invalid value specified for `usr_uid`. Minimum 32 characters required."),
        ("group/1/users", "Invalid value specified for `grp_uid`. Minimum 32 characters required."),
        (f"role/{'x' * 32}", f"The role with rol_uid: {'x' * 32} does not exist."),
    ],
)
async def test_a_uid_has_32_characters(server, path, message):
    assert told(await server("admin").get(f"{BASE}/{path}")) == (400, f"Bad Request: {message}")


async def test_the_second_uid_of_a_path_is_looked_at_too(server):
    answer = await server("admin").delete(f"{BASE}/role/{OPERATOR}/permission/7")

    assert told(answer) == (
        400,
        "Bad Request: Invalid value specified for `per_uid`. Minimum 32 characters required.",
    )


@pytest.mark.parametrize("path", ["role", "roles", "roles/", "role///"])
async def test_singular_and_plural_and_slashes_lead_to_the_same(server, path):
    answer = await server("admin").get(f"{BASE}/{path}")

    assert [role["rol_uid"][-2:] for role in answer.json()] == ["02", "04", "03"]


async def test_sub_paths_of_a_role_are_there_in_the_singular_alone(server):
    assert (await server("admin").get(f"{BASE}/role/{OPERATOR}/users")).status_code == 200
    assert (await server("admin").get(f"{BASE}/roles/{OPERATOR}/users")).status_code == 404


async def test_a_form_and_keys_in_any_case_are_taken(server):
    made = await server("admin").post(f"{BASE}/role", data={"ROL_CODE": "Checker", "Rol_Name": "Checks é"})

    assert made.status_code == 201
    assert (made.json()["rol_code"], made.json()["rol_name"]) == ("Checker", "Checks é")


async def test_a_client_that_can_only_post_says_the_method_elsewhere(server):
    admin = server("admin")
    made = (await admin.post(f"{BASE}/role", json={"rol_code": "Checker", "rol_name": "Checks"})).json()
    path = f"{BASE}/role/{made['rol_uid']}"

    changed = await admin.post(path, json={"rol_name": "Looks"}, headers={"x-http-method-override": "PUT"})
    assert changed.status_code == 200
    assert (await admin.get(path)).json()["rol_name"] == "Looks"
    assert (await admin.get(f"{path}?http_method=DELETE")).json()["rol_name"] == "Looks"  # a link changes nothing
    assert (await admin.post(f"{path}?http_method=DELETE")).status_code == 200
    assert (await admin.get(path)).status_code == 400


async def test_a_status_can_be_suppressed(server):
    answer = await server("").get(f"{BASE}/roles?suppress_response_codes=true")

    assert (answer.status_code, answer.json()) == (200, NOBODY)


async def test_head_answers_without_a_body(server):
    answer = await server("admin").head(f"{BASE}/roles")

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 100


async def test_what_nobody_foresaw_tells_a_number_and_no_more(server, monkeypatch):
    async def fail(*_):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(roles, "page", fail)
    status, message = told(await server("admin").get(f"{BASE}/roles"))

    assert status == 500
    assert message.startswith("Internal Server Error: The server failed on this request; its log has the reason as ")
    assert "secret" not in message


async def test_a_password_that_fails_too_often_has_to_wait(server):
    answers = [await server("").get(f"{BASE}/roles", auth=("dora", f"no {n}")) for n in range(11)]

    assert {answer.status_code for answer in answers[:10]} == {401}
    assert told(answers[10])[0] == 429
    assert int(answers[10].headers["retry-after"]) > 0


async def test_bad_query_strings_are_refused(server):
    assert (await server("admin").get(f"{BASE}/roles?filter=%ff")).status_code == 400
    assert (await server("admin").get(f"{BASE}/roles?{'a=1&' * 300}")).status_code == 400


async def test_a_missing_right_is_kept_in_the_audit_trail(server):
    await server("anna").post(f"{BASE}/role", json={"rol_code": "x", "rol_name": "x"})
    await server.engine.refused.write()

    entries = await server.engine.store.read(audit.page)
    [entry] = [each for each in entries if each.kind == "right.refused"]
    assert (entry.actor, entry.target) == ("cn=anna,ou=users,o=placet", f"POST {BASE}/role")


@pytest.mark.parametrize("path", ["roles", f"role/{OPERATOR}/users", f"role/{OPERATOR}/permissions", "users", "groups"])
async def test_no_filter_upsets_the_database(server, path):
    """Neither what no database stores, nor a pattern that is longer than one takes."""
    for text in ("%00", "a%00b", "%25" * 10_000):
        assert told(await server("admin").get(f"{BASE}/{path}?filter={text}"))[0] == 400
    for text in ("%1f", "'", "%5C", "%25_/", "%F0%9F%A6%84", "%C4%B0"):
        answer = await server("admin").get(f"{BASE}/{path}?filter={text}")
        assert (answer.status_code, type(answer.json())) == (200, list), text
