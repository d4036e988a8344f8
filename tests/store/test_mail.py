"""Mails through a real mail server, on both databases: what arrives, what is tried again, what becomes an incident."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from placet import Engine
from placet.core.records import work_item_id
from placet.core.statuses import ProcessStatus
from placet.directory.caller import Caller
from placet.errors import InvalidInput, Unavailable
from placet.jobs.dispatcher import LEASE
from placet.jobs.mail import RETRY
from placet.mail import choices
from placet.mail.addresses import mailbox, sender
from placet.mail.letter import Letter, message_of
from placet.mail.post import Post
from placet.mail.server import server_of
from placet.mail.trial import try_out
from placet.settings import Settings
from placet.store import people
from tests.builders import NINE
from tests.mail_server import a_mail_server
from tests.store.harness import add_people, load, load_trail

SEND = """
name: Send
data: {to: {type: string, multi_valued: true}, why: {type: string}}
start: send
activities:
  send:
    kind: email
    to: data.to
    subject: "Önly {{ data.why|default('this') }}"
    text: "Grüße: {{ data.why }}"
    next: done
  done: {kind: finish}
"""
HANDLED = SEND.replace("name: Send", "name: Handled").replace("    next: done", "    paths: {next: done, error: no}", 1)
HANDLED += "  no: {kind: status, set: denied, next: done}\n"
ASK = """
name: Ask
start: ask
notifications: {assigned: default, finished: default}
activities:
  ask: {kind: approval, addressees: "'cn=Board,ou=groups,o=placet'", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
BOARD = ["bob@example.org", "carl@example.org", "dora@example.org"]
PEOPLE = ["bob", "carl"]
A_LETTER = Letter(key="k", subject="S", text="T", to=[mailbox("bob@example.org")])


def with_addresses(tx):
    """Give everybody an address but Eve, whose is none."""
    add_people(tx)
    users = [replace(user, email=f"{user.user_name}@example.org") for user in people.users(tx)]
    people.upsert_users(tx, [replace(user, email="eve\r\n") if user.user_name == "eve" else user for user in users])


def the_settings(url, smtp_url, **more):
    known = {"mail_from": "Placet <placet@example.org>", "public_url": "https://p.example.org"}
    return Settings(database_url=url, smtp_url=smtp_url, **(known | more))


@asynccontextmanager
async def a_node(url, clock, server=None, **more):
    """An engine that sends its mails to a server, with people and definitions."""
    settings = the_settings(url, server.url if server else "", **more)
    async with Engine(settings=settings, clock=clock) as engine:
        await engine.store.write(with_addresses)
        for text in (SEND, HANDLED, ASK):
            await engine.as_system().deploy(text)
        yield engine


@asynccontextmanager
async def a_rude_server(answers):
    """A mail server that says to each command what `answers` has for it, and 250 otherwise; its greeting is of none."""

    talking = set()

    async def talk(reader, writer):
        talking.add(asyncio.current_task())
        said = answers.get("", "220 mail.test")
        while True:
            writer.write(said.encode() + b"\r\n")
            if said[:3] in ("421", "554"):
                break
            if not (line := await reader.readline()):
                break
            said = answers.get(line[:4].decode().strip().upper(), "250 OK")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*talking)


async def sent(engine, *to, definition="Send", **data):
    """The id of a process that sends a mail, once that has been tried."""
    process_id = (await engine.start(definition, actor="anna", data={"to": list(to)} | data)).process.id
    await engine.settled()
    return process_id


async def status(engine, process_id):
    return (await load(engine, process_id)).process.process_status


async def reasons(engine):
    return [found.incident.reason for found in await engine.as_system().incidents()]


# -- what arrives --------------------------------------------------------------------------------------


async def test_a_mail_arrives_and_its_process_goes_on(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        process_id = await sent(engine, "bob", "grün@bücher.example", why="süß")

        assert await status(engine, process_id) is ProcessStatus.COMPLETED
        (mail,) = server.mails
        assert (mail.sender, mail.recipients) == (
            "placet@example.org",
            ["bob@example.org", "grün@xn--bcher-kva.example"],
        )
        assert "SMTPUTF8" in mail.options
        message = mail.message
        assert (message["Subject"], message["Date"]) == ("Önly süß", "Mon, 02 Mar 2026 09:00:00 +0000")
        assert (message["Message-ID"], message["Auto-Submitted"]) == (f"<{process_id}-1@example.org>", "auto-generated")
        assert message["To"] == "Bob <bob@example.org>, grün@xn--bcher-kva.example"
        assert (message.get_content_type(), mail.part("plain").strip()) == ("text/plain", "Grüße: süß")
        _, events = await load_trail(engine, process_id)
        assert [event.kind for event in events][1:3] == ["mail.requested", "mail.sent"]


async def test_notifications_have_text_and_html_and_go_to_each_alone(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        process_id = (await engine.start("Ask", actor="anna")).process.id
        await engine.settled()
        assert sorted(mail.recipients for mail in server.mails) == [[address] for address in BOARD]
        await engine.act(work_item_id(process_id, 1), "approve", actor="bob")
        await engine.settled()

        told, over = server.mails[0], server.mails[-1]
        assert told.message.get_content_type() == "multipart/alternative"
        link = f"https://p.example.org/console/work-items/{work_item_id(process_id, 1)}"
        assert link in told.part("plain")
        assert f'href="{link}"' in told.part("html")
        assert (over.recipients, over.message["Subject"]) == (["anna@example.org"], "Ask: approved")
        assert len({mail.message["Message-ID"] for mail in server.mails}) == 4
        assert (await load(engine, process_id)).jobs == {}


async def test_connections_are_few_and_used_again(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        for _ in range(3):
            await sent(engine, "bob")
        assert (len(server.mails), server.connections) == (3, 1)
        for _ in range(20):
            await engine.start("Send", actor="anna", data={"to": ["bob"]})
        await engine.settled()

        assert len(server.mails) == 23
        assert server.connections <= 4


async def test_a_connection_that_was_closed_meanwhile_is_opened_anew(clock):
    async with a_mail_server() as first:
        post = Post(server_of(the_settings("sqlite:///x.db", first.url)), clock)
        letter = Letter(key="k", subject="S", text="T", to=[mailbox("bob@example.org")])
        assert (await post.send(letter, ["bob@example.org"])).accepted == ["bob@example.org"]
    async with a_mail_server(port=first.port) as second:
        assert (await post.send(letter, ["bob@example.org"])).accepted == ["bob@example.org"]
        await post.close()

    assert len(second.mails) == 1


# -- who wants what ------------------------------------------------------------------------------------


async def test_whoever_switched_it_off_or_became_inactive_gets_nothing(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        system = Caller(None, engine.directory, clock.now())
        assert await choices.choose(engine.store, system, {"assigned": False}, "bob") == {
            "assigned": False,
            "reminder": True,
            "escalation": True,
            "finished": True,
        }
        carl = next(user for user in await engine.store.read(people.users) if user.user_name == "carl")
        server.says["carl@example.org"] = ["451 not now"]
        process_id = (await engine.start("Ask", actor="anna")).process.id
        await engine.settled()
        await engine.store.write(lambda tx: people.upsert_users(tx, [replace(carl, status="INACTIVE")]))
        await engine.refresh()
        server.says.clear()
        clock.move(seconds=30)
        await engine.settled()

        assert server.to("bob@example.org") == []
        assert len(server.to("dora@example.org")) == 1
        assert server.to("carl@example.org") == []
        await choices.choose(engine.store, system, {"assigned": True}, "bob")
        assert (await choices.choices(engine.store, system, "bob"))["assigned"] is True
        _, events = await load_trail(engine, process_id)
        assert [event.kind for event in events].count("mail.sent") == 1


async def test_an_item_that_was_answered_meanwhile_is_not_told(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        server.to_message = ["451 not now"] * 3
        process_id = (await engine.start("Ask", actor="anna")).process.id
        await engine.settled()
        await engine.act(work_item_id(process_id, 1), "deny", actor="bob")
        clock.move(seconds=30)
        await engine.settled()

        assert [mail.recipients for mail in server.mails] == [["anna@example.org"]]
        assert await reasons(engine) == []


async def test_others_need_the_permission_and_a_kind_has_to_be_one(database_url, clock):
    async with a_node(database_url, clock) as engine:
        anna = Caller(engine.directory.person("anna"), engine.directory, clock.now())

        assert (await choices.choose(engine.store, anna, {"finished": False}))["finished"] is False
        with pytest.raises(Exception, match="PM_USERS"):
            await choices.choices(engine.store, anna, "bob")
        with pytest.raises(Exception, match="PM_USERS"):
            await choices.choose(engine.store, anna, {"finished": False}, "nobody")
        with pytest.raises(InvalidInput, match="there are: assigned, reminder"):
            await choices.choose(engine.store, anna, {"asigned": False})


# -- what goes wrong -----------------------------------------------------------------------------------


async def test_what_is_refused_for_good_is_an_incident_or_takes_the_path(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        server.says["bob@example.org"] = ["550 5.1.1 no such user"]
        waiting = await sent(engine, "bob")
        handled = await sent(engine, "bob", definition="Handled")

        assert await reasons(engine) == ["The mail could not be sent to bob@example.org: 550 5.1.1 no such user."]
        assert await status(engine, waiting) is ProcessStatus.RUNNING
        assert (await load(engine, handled)).process.approval_status.label == "Denied"
        server.says.clear()
        await engine.retry_incident(work_item_id(waiting, 1), actor="admin")
        await engine.settled()
        (mail,) = server.mails
        assert mail.message["Message-ID"] == f"<{waiting}-1@example.org>"
        assert await status(engine, waiting) is ProcessStatus.COMPLETED


async def test_who_has_a_mail_does_not_get_it_again(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        server.says["carl@example.org"] = ["450 greylisted", "450 greylisted", "250 OK"]
        server.says["dora@example.org"] = ["550 no"]
        process_id = await sent(engine, "bob", "carl", "dora")
        for _ in range(3):
            clock.move(seconds=120)
            await engine.settled()

        assert [mail.recipients for mail in server.mails] == [["bob@example.org"], ["carl@example.org"]]
        assert await reasons(engine) == [
            "The mail could not be sent after 4 tries to dora@example.org: 550 no, and was to 2."
        ]
        server.says.clear()
        await engine.retry_incident(work_item_id(process_id, 1), actor="admin")
        await engine.settled()
        assert [mail.recipients for mail in server.mails][2:] == [["dora@example.org"]]
        assert {mail.message["Message-ID"] for mail in server.mails} == {f"<{process_id}-1@example.org>"}


async def test_a_server_that_says_not_now_is_asked_again_ten_times(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        server.says["bob@example.org"] = ["421 too busy"]
        process_id = await sent(engine, "bob")
        waits = []
        while (job := next(iter((await load(engine, process_id)).jobs.values()), None)) is not None:
            waits.append((job.timer_at - clock.now()).total_seconds())
            clock.move(seconds=waits[-1])
            await engine.settled()

        assert waits == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]
        (reason,) = await reasons(engine)
        assert reason == "The mail could not be sent after 10 tries to bob@example.org: 421 too busy."
        (found,) = await engine.as_system().incidents()
        assert [tried["code"] for tried in found.incident.payload["tries"]] == [421] * RETRY.attempts


async def test_a_full_mailbox_keeps_nobody_else_from_his_mail(database_url, clock):
    """What is said to one recipient says nothing against the server, not even at the last try."""
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        server.says["full@example.org"] = ["452 4.2.2 mailbox full"]
        for _ in range(15):
            await sent(engine, "full@example.org")
        await sent(engine, "bob@example.org")

        assert len(server.to("bob@example.org")) == 1
        for _ in range(RETRY.attempts):
            clock.move(minutes=30)
            await engine.settled()
        await sent(engine, "carl@example.org")
        assert len(server.to("carl@example.org")) == 1
        assert len(await reasons(engine)) == 15


@pytest.mark.parametrize(
    "say",
    [
        lambda server: server.to_message.extend(["451 4.3.0 try later"] * 20),
        lambda server: server.says.update({f"{name}@example.org": ["450 greylisted"] for name in PEOPLE}),
    ],
)
async def test_what_is_said_of_a_letter_says_nothing_against_the_server(say, clock):
    async with a_mail_server() as server:
        post = Post(server_of(the_settings("sqlite:///x.db", server.url)), clock)
        say(server)
        delivery = await post.send(A_LETTER, [f"{name}@example.org" for name in PEOPLE])
        await post.close()

    assert delivery.server_works
    assert all(reply.may_change for reply in delivery.others.values())


@pytest.mark.parametrize(
    ("answers", "words", "may_change"),
    [
        ({"MAIL": "452 4.3.1 no room here"}, "452 4.3.1 no room here", True),
        ({"RCPT": "421 4.3.2 shutting down"}, "421 4.3.2 shutting down", True),
        ({"EHLO": "500 what", "HELO": "500 what"}, "did not let us in: 500 what", True),
        ({"": "554 go away"}, "did not let us in: 554 go away", True),
    ],
)
async def test_what_every_mail_would_meet_says_that_the_server_does_not_work(answers, words, may_change, clock):
    async with a_rude_server(answers) as port:
        post = Post(server_of(the_settings("sqlite:///x.db", f"smtp://127.0.0.1:{port}")), clock)
        delivery = await post.send(A_LETTER, ["bob@example.org", "carl@example.org"])
        await post.close()

    assert (delivery.accepted, delivery.server_works) == ([], False)
    assert {str(reply).endswith(words) for reply in delivery.others.values()} == {True}
    assert {reply.may_change for reply in delivery.others.values()} == {may_change}


async def test_a_server_whose_name_is_not_found_is_told(clock, monkeypatch):
    def unknown(host, port, **more):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    post = Post(server_of(the_settings("sqlite:///x.db", "smtp://mail.example.org?tls=off")), clock)
    (reply,) = (await post.send(A_LETTER, ["bob@example.org"])).others.values()

    assert "the mail server mail.example.org:587 cannot be reached" in str(reply)
    assert "Name or service not known" in str(reply)


async def test_the_next_address_of_a_server_is_tried(clock, monkeypatch):
    async with a_mail_server() as server:
        found = [(socket.AF_INET6, 1, 6, "", ("::1", 0, 0, 0)), (socket.AF_INET, 1, 6, "", ("127.0.0.1", 0))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **more: found)
        url = f"smtp://mail.example.org:{server.port}?tls=off"
        post = Post(server_of(the_settings("sqlite:///x.db", url)), clock)
        delivery = await post.send(A_LETTER, ["bob@example.org"])
        await post.close()

    assert delivery.accepted == ["bob@example.org"]


async def test_a_server_that_is_gone_is_found_again(database_url, clock):
    async with a_mail_server() as server:
        pass
    async with a_node(database_url, clock, server) as engine:
        process_id = await sent(engine, "bob")
        (job,) = (await load(engine, process_id)).jobs.values()
        (tried,) = job.payload["tries"]
        assert f"the mail server 127.0.0.1:{server.port} cannot be reached" in tried["error"]

        async with a_mail_server(port=server.port) as back:
            clock.move(seconds=30)
            await engine.settled()
            assert len(back.mails) == 1
    async with Engine(database_url, clock=clock) as engine:
        assert await status(engine, process_id) is ProcessStatus.COMPLETED


async def test_a_slow_server_is_left_and_asked_again(clock):
    async with a_mail_server() as server:
        server.answers.clear()
        quick = replace(server_of(the_settings("sqlite:///x.db", server.url)), seconds=0.05)
        post = Post(quick, clock)
        letter = Letter(key="k", subject="S", text="T", to=[mailbox("bob@example.org")])
        delivery = await post.send(letter, ["bob@example.org"])
        await post.close()

    assert delivery.accepted == []
    assert str(delivery.others["bob@example.org"]) == f"the mail server 127.0.0.1:{server.port} did not answer in time"
    assert delivery.others["bob@example.org"].may_change


async def test_nobody_who_can_be_written_to_is_told_with_names(database_url, clock):
    async with a_mail_server() as server, a_node(database_url, clock, server) as engine:
        await sent(engine, "eve", "not an@address", "@at@signs", "gone")
        await sent(engine, "gone")

        assert await reasons(engine) == [
            "There is nobody to send the mail to: no mail address that can be used has Eve, not an@address, @at@signs.",
            "There is nobody to send the mail to.",
        ]
        assert server.mails == []


async def test_addresses_that_the_server_cannot_take_are_told(database_url, clock):
    async with a_mail_server(utf8=False) as server, a_node(database_url, clock, server) as engine:
        await sent(engine, "grün@example.org")

        (reason,) = await reasons(engine)
        assert "553 the mail server takes no addresses with other letters than those of ASCII" in reason


async def test_without_a_mail_server_the_setting_is_named_and_nobody_notified(database_url, clock):
    async with a_node(database_url, clock) as engine:
        process_id = await sent(engine, "bob")
        asked = (await engine.start("Ask", actor="anna")).process.id

        (reason,) = await reasons(engine)
        assert "set smtp_url" in reason
        assert (await load(engine, asked)).jobs == {}
    async with (
        a_mail_server() as server,
        Engine(settings=the_settings(database_url, server.url), clock=clock) as engine,
    ):
        await engine.retry_incident(work_item_id(process_id, 1), actor="admin")
        await engine.settled()
        assert len(server.mails) == 1


async def test_what_was_sent_and_not_stored_is_sent_once_more_with_the_same_id(database_url, clock):
    """A node that dies between the server's answer and the commit."""
    async with a_mail_server() as server:
        async with a_node(database_url, clock, server) as engine:
            engine._dispatcher.worker._sent = _never
            process_id = (await engine.start("Send", actor="anna", data={"to": ["bob"]})).process.id
            async with asyncio.timeout(20):
                await server.arrived.wait()
            engine._dispatcher._let_go = _nothing
        clock.move(seconds=LEASE.total_seconds() + 1)
        async with Engine(settings=the_settings(database_url, server.url), clock=clock) as engine:
            await engine.settled()
            assert await status(engine, process_id) is ProcessStatus.COMPLETED

        assert [mail.message["Message-ID"] for mail in server.mails] == [f"<{process_id}-1@example.org>"] * 2


async def _never(*args):
    await asyncio.Event().wait()


async def _nothing(left):
    return None


# -- the connection ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The file of a certificate of 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    begins = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).add_extension(names, critical=False)
    made = made.not_valid_before(begins).not_valid_after(begins + timedelta(days=9))
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(encoding) + private)
    return path


@pytest.fixture
def server_side(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_connection_is_encrypted_and_its_certificate_verified(scheme, certificate, server_side, clock):
    async with a_mail_server(context=server_side, from_the_beginning=scheme == "smtps") as server:
        query = "" if scheme == "smtps" else "?tls=starttls"
        url = server.url.replace("smtp://", f"{scheme}://") + query
        known = server_of(the_settings("sqlite:///x.db", url))
        letter = Letter(key="k", subject="S", text="T", to=[mailbox("bob@example.org")])
        trusting = Post(replace(known, context=ssl.create_default_context(cafile=certificate)), clock)
        assert (await trusting.send(letter, ["bob@example.org"])).accepted == ["bob@example.org"]
        await trusting.close()

        wary = Post(known, clock)
        (reply,) = (await wary.send(letter, ["bob@example.org"])).others.values()
        await wary.close()
        assert "cannot be reached" in str(reply)
        assert "certificate" in str(reply).lower()
        assert len(server.mails) == 1


async def test_a_server_without_starttls_gets_nothing_where_it_is_wanted(clock):
    async with a_mail_server(password=b"secret") as server:
        url = server.url.replace("//", "//placet:secret@") + "?tls=starttls"
        post = Post(server_of(the_settings("sqlite:///x.db", url)), clock)
        letter = Letter(key="k", subject="S", text="T", to=[mailbox("bob@example.org")])
        (reply,) = (await post.send(letter, ["bob@example.org"])).others.values()

        assert (server.logins, server.mails) == ([], [])
        assert "STARTTLS" in str(reply)


async def test_a_wrong_password_is_told_without_it_and_may_be_put_right(clock):
    async with a_mail_server(password=b"p@ss word") as server:
        right = server.url.replace("//", "//placet:p%40ss%20word@")
        wrong = the_settings("sqlite:///x.db", server.url.replace("//", "//placet:hunter2@"))
        await try_out(the_settings("sqlite:///x.db", right), clock, "bob@example.org")
        with pytest.raises(Unavailable, match="did not let us in: 535") as failure:
            await try_out(wrong, clock, "bob@example.org")

    assert set(server.logins) == {(b"placet", b"p@ss word"), (b"placet", b"hunter2")}
    assert "hunter2" not in failure.value.message + repr(wrong) + repr(wrong.about()) + repr(server_of(wrong))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "set smtp_url"),
        ({"smtp_url": "smtp://127.0.0.1", "mail_from": ""}, "mail_from does not say who"),
        ({"smtp_url": "smtps://127.0.0.1?tls=off"}, "leave out"),
        ({"smtp_url": "smtp://127.0.0.1:99999"}, "between 1 and 65535"),
        ({"smtp_url": "http://127.0.0.1"}, "The setting smtp_url takes smtp://"),
        ({"smtp_url": "smtp://127.0.0.1?tls=maybe"}, "The setting smtp_url takes smtp://"),
        (
            {"smtp_url": "smtp://127.0.0.1", "mail_from": "nobody\r\nBcc: x@y.z"},
            "The setting mail_from takes an address",
        ),
        ({"public_url": "javascript:alert(1)"}, "The setting public_url takes a URL"),
    ],
)
async def test_settings_that_cannot_be_meant_are_told(settings, words, clock):
    known = {"mail_from": "placet@example.org"}
    with pytest.raises(InvalidInput) as failure:
        await try_out(Settings(**(known | settings)), clock, "bob@example.org")

    assert words in failure.value.message


@pytest.mark.parametrize(
    "address",
    [
        "=?utf-8?q?a?=@b.c",
        "a@=?utf-8?q?b?=",
        "a\ud800@b.c",
        "bob",
        "bob@",
        "@b.c",
        "b ob@b.c",
        "bob@b.c\r\nBcc: x@y.z",
        "<bob@b.c>",
        "a,b@c.d",
        ".a@b.c",
    ],
)
async def test_what_is_no_address_is_refused(address, clock):
    with pytest.raises(InvalidInput, match="is no mail address"):
        await try_out(the_settings("sqlite:///x.db", "smtp://127.0.0.1"), clock, address)


def test_no_name_and_no_subject_adds_a_header():
    box = mailbox("bob@example.org", "Bob\r\nBcc: eve@example.org\0")
    letter = Letter(key="k", subject="Hello\r\nX-Evil: yes", text="T", to=[box], cc=[mailbox("a@b.c", '"Ann, <x>"')])

    message = message_from_bytes(message_of(letter, sender("Plącet <p@example.org>"), NINE), policy=policy.default)

    assert {"Bcc", "X-Evil"}.isdisjoint(message.keys())
    assert (message["Subject"], message["From"]) == ("Hello X-Evil: yes", "Plącet <p@example.org>")
    assert [each.addr_spec for each in (*message["To"].addresses, *message["Cc"].addresses)] == [
        "bob@example.org",
        "a@b.c",
    ]


ENCODED = "=?utf-8?q?x=0D=0ABcc=3A_eve=40example.org=0D=0AContent-Type=3A_text/html=0D=0A=0D=0A<h1>Pay</h1>?="


@pytest.mark.parametrize(
    "text",
    [ENCODED, f"={ENCODED}", f"é {ENCODED} é" * 3, ENCODED.replace("=?", "=\r\n?"), "=?utf-8?b?DQpCY2M6IGVAeC55?="],
)
def test_no_encoded_word_adds_a_header_or_a_body(text):
    letter = Letter(key="k", subject=text, text="T", to=[mailbox("a@b.c", text)], cc=[mailbox("b@b.c", f'"{text}"')])
    content = message_of(letter, sender(f"{text} <p@example.org>"), NINE)
    message = message_from_bytes(content, policy=policy.default)

    assert [*message.keys()].count("Content-Type") == 1
    assert "Bcc" not in message
    assert b"\nBcc" not in content
    assert b"<h1>" not in content.partition(b"\r\n\r\n")[2]
    assert message.get_content() == "T\r\n"


async def test_a_letter_that_cannot_be_written_down_is_told_so(clock):
    post = Post(server_of(the_settings("sqlite:///x.db", "smtp://127.0.0.1")), clock)
    delivery = await post.send(replace(A_LETTER, text="\ud800"), ["bob@example.org"])

    assert str(delivery.others["bob@example.org"]).startswith("554 the mail cannot be written down")
    assert not delivery.others["bob@example.org"].may_change


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://mail.example.org", "starttls", 587),
        ("smtp://mail.example.org:25?tls=off", "off", 25),
        ("smtp://localhost:25", "off", 25),
        ("smtp://[::1]", "off", 587),
        ("smtps://mail.example.org/", "always", 465),
    ],
)
def test_how_a_server_is_spoken_to_follows_from_its_url(url, tls, port):
    known = server_of(the_settings("sqlite:///x.db", url))

    assert known is not None
    assert (known.tls, known.port) == (tls, port)
