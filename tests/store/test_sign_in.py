import asyncio
import base64

import pytest
from argon2 import PasswordHasher

from placet.core.defaults import OPERATOR_ROLE
from placet.core.names import user_dn
from placet.directory import attempts, sign_in
from placet.directory.passwords import hash_password, needs_rehash
from placet.directory.sign_in import REFUSAL, SignIn, parse_basic, parse_rest_authorization
from placet.errors import NotAuthenticated, TooManyAttempts
from placet.store import directory, people
from placet.store.people import UserRow

ANNA, NOBODY = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture
async def anna(transactions):
    """The database with Anna, whose password is `secret`."""
    row = UserRow(
        id=ANNA, dn=user_dn("anna"), user_name="anna", role=OPERATOR_ROLE, password_hash=await hash_password("secret")
    )
    await transactions.write(lambda tx: people.upsert_users(tx, [row]))
    return transactions


@pytest.fixture
def door(anna, clock):
    return SignIn(anna, clock)


@pytest.fixture
def verified(monkeypatch):
    """The passwords that were verified with argon2, one by one."""
    seen = []

    async def verify(stored, password):
        assert not needs_rehash(stored)  # what is verified for nobody costs as much as for anybody
        seen.append(password)
        return await original(stored, password)

    original = sign_in.verify_password
    monkeypatch.setattr(sign_in, "verify_password", verify)
    return seen


async def refused(door, user, password, address="192.0.2.1"):
    with pytest.raises(NotAuthenticated) as caught:
        await door.person(user, password, address)
    return caught.value


async def locked(door, user, password, address="192.0.2.1"):
    return isinstance(await refused(door, user, password, address), TooManyAttempts)


@pytest.mark.parametrize("user", ["anna", "ANNA", "cn=anna,ou=users,o=placet", "CN=Anna, OU=Users, O=Placet"])
async def test_a_user_signs_in_by_name_or_dn(anna, door, clock, user):
    found = await door.person(user, "secret")

    assert (found.dn, found.role, found.active) == (user_dn("anna"), OPERATOR_ROLE, True)
    assert found.permissions >= {"PM_LOGIN", "PM_CASES"}
    assert found == (await anna.read(lambda tx: directory.load(tx, clock.now()))).person("anna")


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("anna", "Secret"),
        ("anna", ""),
        ("anna", "x" * 1025),
        ("anna", "sec\0ret"),
        ("anna", "\ud800"),
        ("ben", "secret"),
        ("", "secret"),
        ("an\0na", "secret"),
        ("\udc80", "secret"),
        ("a" * 1025, "secret"),
    ],
)
async def test_everybody_else_hears_the_same(door, user, password):
    refusal = await refused(door, user, password)

    assert (refusal.code, refusal.message) == ("not-authenticated", REFUSAL)
    assert door.cached(user, password) is None


@pytest.mark.parametrize("status", ["INACTIVE", "VACATION"])
async def test_an_account_that_is_not_active_is_refused_with_the_right_password(anna, door, status):
    await anna.write(lambda tx: people.set_status(tx, ANNA, status))

    assert (await refused(door, "anna", "secret")).message == REFUSAL


async def test_an_account_without_a_password_is_refused(anna, door):
    await anna.write(
        lambda tx: people.upsert_users(tx, [UserRow(id=NOBODY, dn=user_dn("ben"), user_name="ben", role=OPERATOR_ROLE)])
    )

    assert (await refused(door, "ben", "secret")).message == REFUSAL


async def test_every_refusal_costs_one_verification(anna, door, verified):
    await anna.write(
        lambda tx: people.upsert_users(tx, [UserRow(id=NOBODY, dn=user_dn("ben"), user_name="ben", role=OPERATOR_ROLE)])
    )

    for user in ("nobody", "ben", "anna"):
        await refused(door, user, f"guess for {user}")

    assert verified == ["guess for nobody", "guess for ben", "guess for anna"]


@pytest.mark.parametrize(("user", "password"), [("a" * 1025, "secret"), ("anna", "x" * 1025), ("an\0na", "secret")])
async def test_what_nobody_can_have_costs_nothing(anna, door, verified, user, password):
    reads = anna.reads

    await refused(door, user, password)

    assert (anna.reads, verified) == (reads, [])


async def test_verified_credentials_are_taken_for_seconds_without_the_database(anna, door, clock, verified):
    person = await door.person("anna", "secret")
    reads = anna.reads
    clock.move(seconds=4.9)

    assert door.cached("anna", "secret").person == person
    assert await door.person("anna", "secret") == person
    assert (anna.reads, verified) == (reads, ["secret"])
    assert door.cached("anna", "other") is None
    assert door.cached("ann", "asecret") is None


async def test_later_they_are_compared_with_the_database_but_not_verified_again(anna, door, clock, verified):
    await door.person("anna", "secret")
    reads = anna.reads
    clock.move(seconds=5)

    assert door.cached("anna", "secret") is None
    await door.person("anna", "secret")
    assert (anna.reads, verified) == (reads + 1, ["secret"])
    assert door.cached("anna", "secret") is not None


async def test_after_minutes_they_are_verified_again(door, clock, verified):
    await door.person("anna", "secret")
    for _ in range(10):
        clock.move(minutes=1)
        await door.person("anna", "secret")

    assert verified == ["secret", "secret"]


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: people.set_password(tx, ANNA, "$argon2id$another"),
        lambda tx: people.set_status(tx, ANNA, "INACTIVE"),
    ],
)
async def test_a_changed_user_is_refused_as_soon_as_the_picture_of_the_directory_moves_on(anna, clock, change):
    version = [1]
    door = SignIn(anna, clock, lambda: version[0])
    await door.person("anna", "secret")

    await anna.write(change)
    version[0] = 2

    assert door.cached("anna", "secret") is None
    await refused(door, "anna", "secret")


async def test_a_change_of_other_people_costs_no_verification(anna, clock, verified):
    version = [1]
    door = SignIn(anna, clock, lambda: version[0])
    await door.person("anna", "secret")
    version[0] = 2

    await door.person("anna", "secret")

    assert verified == ["secret"]


async def test_a_change_while_the_database_is_asked_makes_the_entry_old(anna, clock):
    version = [1]

    class Moving:
        """The picture of the directory moves on just after this read."""

        async def read(self, function):
            found = await anna.read(function)
            version[0] = 2
            return found

    door = SignIn(Moving(), clock, lambda: version[0])

    await door.person("anna", "secret")

    assert door.cached("anna", "secret") is None


async def test_of_many_equal_requests_one_verifies(door, verified):
    people = await asyncio.gather(*(door.person("anna", "secret") for _ in range(64)))

    assert len(set(people)) == 1
    assert verified == ["secret"]


async def test_what_is_remembered_is_bounded(door, monkeypatch):
    monkeypatch.setattr(sign_in, "_REMEMBERED", 2)
    users = ["anna", "ANNA", "Anna"]

    for user in users:
        await door.person(user, "secret")

    assert [door.cached(user, "secret") is not None for user in users] == [False, True, True]


@pytest.mark.parametrize("user", ["anna", "nobody"])
async def test_ten_failures_within_five_minutes_close_the_door_for_that_person_and_address(door, clock, verified, user):
    for _ in range(10):
        await refused(door, user, "wrong")
        clock.move(seconds=20)

    refusal = await refused(door, user.upper(), "secret")

    assert isinstance(refusal, TooManyAttempts)
    assert (refusal.code, refusal.retry_after) == ("too-many-attempts", 100)
    assert refusal.message == (
        "10 sign-ins with this name from this address failed within 5 minutes; try again in 100 seconds."
    )
    assert len(verified) == 10
    assert not await locked(door, user, "wrong", "192.0.2.2")


@pytest.mark.parametrize("user", ["anna", "nobody"])
async def test_a_user_name_and_its_dn_count_as_one(door, user):
    """Also where nobody has them, for else counting would tell who is there."""
    spellings = [user, user.upper(), f" {user_dn(user)}", f"CN={user}, OU=users, O=placet", user_dn(user)]
    for spelling in spellings * 2:
        await refused(door, spelling, "wrong")

    assert [await locked(door, spelling, "secret") for spelling in spellings] == [True] * 5


async def test_an_account_with_a_dn_of_its_own_counts_as_one(anna, door):
    row = UserRow(
        id=NOBODY, dn="cn=Ben,o=elsewhere", user_name="ben", role=OPERATOR_ROLE, password_hash="$argon2id$none"
    )
    await anna.write(lambda tx: people.upsert_users(tx, [row]))
    for spelling in ("ben", "cn=ben,o=elsewhere") * 5:
        await refused(door, spelling, "wrong")

    assert await locked(door, "BEN", "wrong")


async def test_others_guesses_leave_a_person_alone_at_his_own_address(door):
    for _ in range(10):
        await refused(door, "anna", "wrong", "203.0.113.9")

    assert (await door.person("anna", "secret", "192.0.2.1")).user_name == "anna"
    assert await locked(door, "anna", "secret again", "203.0.113.9")


@pytest.mark.parametrize(
    ("others", "counted"),
    [
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"], True),  # one subnet is one client
        (["2001:db8::1", "2001:db8:0:1::1"], False),
        (["192.0.2.1", "::ffff:192.0.2.1"], True),
        (["::ffff:192.0.2.1", "::ffff:192.0.2.2"], False),
        (["", ""], True),
        (["a socket", "another"], False),
    ],
)
async def test_what_counts_as_one_address(door, others, counted):
    *guessing, last = others
    for number in range(10):
        await refused(door, "anna", "wrong", guessing[number % len(guessing)])

    assert await locked(door, "anna", "wrong", last) is counted


@pytest.fixture
def quick(monkeypatch):
    """Passwords that are compared and not hashed, for tests of many attempts."""

    async def verify(stored, password):
        return stored == f"hash of {password}"

    monkeypatch.setattr(sign_in, "verify_password", verify)
    monkeypatch.setattr(sign_in, "needs_rehash", lambda stored: False)


@pytest.fixture
async def watched(anna, door, quick):
    """The door, once somebody has guessed a hundred times at Anna's password, from ten addresses."""
    await anna.write(lambda tx: people.set_password(tx, ANNA, "hash of secret"))
    await door.person("anna", "secret", "192.0.2.1")
    for number in range(100):
        assert not await locked(door, "anna", "wrong", f"203.0.113.{number % 10}")
    return door


async def test_a_hundred_failures_within_an_hour_close_the_door_from_everywhere(watched, clock):
    refusal = await refused(watched, "anna", "wrong", "198.51.100.1")

    assert refusal.retry_after == 3600
    assert refusal.message == "100 sign-ins with this name failed within an hour; try again in 3600 seconds."
    clock.move(minutes=59)
    assert await locked(watched, user_dn("anna"), "wrong", "198.51.100.1")
    clock.move(minutes=1)
    assert not await locked(watched, "anna", "wrong", "198.51.100.1")


async def test_who_has_signed_in_before_is_not_locked_out_by_others_guesses(watched, clock):
    """Not even long after, and from another address: the right password is no guess."""
    for minutes in (0, 9, 30):
        clock.move(minutes=minutes)
        assert (await watched.person("anna", "secret", "198.51.100.1")).user_name == "anna"


async def test_a_password_that_was_changed_is_a_guess(anna, watched, clock):
    await anna.write(lambda tx: people.set_password(tx, ANNA, "hash of another"))
    clock.move(seconds=10)

    assert await locked(watched, "anna", "secret", "192.0.2.1")


async def test_who_signs_in_makes_no_room_for_others_guesses(anna, door, clock, quick):
    await anna.write(lambda tx: people.set_password(tx, ANNA, "hash of secret"))
    for number in range(99):
        await refused(door, "anna", "wrong", f"203.0.113.{number % 10}")
    await door.person("anna", "secret", "192.0.2.1")

    assert not await locked(door, "anna", "wrong", "198.51.100.1")
    assert await locked(door, "anna", "wrong", "198.51.100.1")


async def test_guesses_at_the_same_time_are_counted_one_by_one(door, verified):
    names = ["anna", "ANNA", user_dn("anna")]
    answers = await asyncio.gather(
        *(door.person(names[n % 3], f"guess {n}") for n in range(30)), return_exceptions=True
    )

    assert len(verified) == 10
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 20


async def test_the_door_opens_when_the_failures_are_old_enough(door, clock):
    for _ in range(10):
        await refused(door, "anna", "wrong")
    clock.move(minutes=5)

    await door.person("anna", "secret", "192.0.2.1")


async def test_failures_of_one_name_are_nothing_to_another(door):
    for _ in range(10):
        await refused(door, "ben", "wrong")

    await door.person("anna", "secret", "192.0.2.1")


async def test_a_success_forgets_the_failures_before_it(door):
    for password in ["wrong"] * 9 + ["secret"] + ["wrong"] * 9:
        if password == "secret":
            await door.person("anna", password, "192.0.2.1")
        else:
            await refused(door, "anna", password)

    await door.person("ANNA", "secret", "192.0.2.1")


async def test_the_failures_that_are_remembered_are_bounded(clock, monkeypatch):
    monkeypatch.setattr(attempts, "_REMEMBERED", 2)
    failures = attempts.FailedSignIns(clock)

    for number in range(30):
        failures.begin(f"person {number % 3}", f"192.0.2.{number}")

    assert len(failures._near._times) == len(failures._anywhere._times) == 2


async def test_a_password_of_other_costs_is_stored_again_with_todays(anna, door):
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("secret")
    await anna.write(lambda tx: people.set_password(tx, ANNA, cheap))

    await door.person("anna", "secret")

    stored = (await anna.read(lambda tx: people.find_user(tx, "anna"))).password_hash
    assert not needs_rehash(stored)
    assert door.cached("anna", "secret") is not None
    await SignIn(anna, door._clock).person("anna", "secret")


def encoded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "credentials"),
    [
        ("anna:secret", ("anna", "secret")),
        ("cn=anna,ou=users,o=placet:a:b=c", ("cn=anna,ou=users,o=placet", "a:b=c")),
        (":", ("", "")),
        ("ünal:schön", ("ünal", "schön")),
        ("ünal:schön".encode("latin-1"), ("ünal", "schön")),
    ],
)
def test_credentials_are_read_from_both_headers(text, credentials):
    assert parse_rest_authorization(encoded(text)) == credentials
    assert parse_rest_authorization(f" {encoded(text)} ") == credentials
    assert parse_basic(f"Basic {encoded(text)}") == credentials
    assert parse_basic(f"bASIC  {encoded(text)}") == credentials


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "has no colon in it"),
        ("anna:secret", "is not base64; send the base64 of user:password"),
        ("Basic YTpi", "is not base64"),
        ("YTp", "is not base64"),
        ("ÄÖÜ", "is not base64"),
        (encoded("secret"), "has no colon in it"),
    ],
)
def test_what_is_no_credentials_is_refused_and_not_repeated(value, reason):
    with pytest.raises(NotAuthenticated, match=f"^The RESTAuthorization header {reason}") as caught:
        parse_rest_authorization(value)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("value", ["", "Bearer abc", "Basic", "Basic !", encoded("anna:secret")])
def test_another_scheme_than_basic_is_refused(value):
    with pytest.raises(NotAuthenticated):
        parse_basic(value)


@pytest.mark.parametrize("names", [("anna", "ａnna", "ＡNNA"), ("nobodyq", "ｎobodyq", "NOBODYＱ")])
async def test_look_alikes_are_counted_as_one_whether_there_is_such_a_name_or_not(door, names):
    for _ in range(10):
        assert not await locked(door, names[0], "wrong")

    for name in names:
        assert await locked(door, name, "wrong")
