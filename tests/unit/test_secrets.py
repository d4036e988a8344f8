"""The vault: what it keeps, for whom it opens, where its key comes from."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from placet.directory.secrets import Vault
from placet.errors import InvalidInput, Unavailable
from placet.settings import Settings

KEY, OTHER = "a" * 32, "b" * 32


def vault(key: str = KEY) -> Vault:
    return Vault(Settings(secret_key=key))


def beside(folder: Path) -> Vault:
    return Vault(Settings(database_url=f"sqlite:///{folder}/placet.db"))


def test_what_is_sealed_opens_again_for_the_same_row():
    sealed = vault().seal("secret ü", of="application A")

    assert b"secret" not in sealed
    assert vault().open(sealed, of="application A") == "secret ü"


def test_equal_secrets_are_sealed_differently():
    assert vault().seal("secret", of="A") != vault().seal("secret", of="A")


def test_a_copy_in_another_row_does_not_open():
    sealed = vault().seal("secret", of="application A")

    with pytest.raises(Unavailable, match="of application B does not open with this key"):
        vault().open(sealed, of="application B")


@pytest.mark.parametrize("place", [0, 1, 15, -1])
def test_what_was_changed_does_not_open(place: int):
    sealed = bytearray(vault().seal("secret", of="A"))
    sealed[place] ^= 1

    with pytest.raises(Unavailable):
        vault().open(bytes(sealed), of="A")


def test_another_key_is_refused_with_the_name_of_the_setting_and_not_with_the_key():
    sealed = vault().seal("secret", of="application A")

    with pytest.raises(Unavailable, match=r"set PLACET_SECRET_KEY, or the file .* secret_key_file") as caught:
        vault(OTHER).open(sealed, of="application A")
    assert OTHER not in str(caught.value)
    assert "secret" not in str(caught.value).replace("secret_key_file", "").replace("SECRET_KEY", "")


def test_nothing_shows_the_key():
    settings = Settings(secret_key=KEY)
    one = Vault(settings)
    one.seal("secret", of="A")

    assert repr(one) == "Vault()"
    assert KEY not in repr(settings.about())
    assert KEY not in repr(settings)


def test_a_key_that_is_too_short_is_refused_and_not_repeated():
    with pytest.raises(InvalidInput, match="secret_key takes a text of 32 characters or more") as caught:
        Settings(secret_key="too-short")
    assert "too-short" not in str(caught.value)


def test_the_key_file_is_made_on_first_need_for_its_owner_alone(tmp_path: Path):
    one = beside(tmp_path)
    assert list(tmp_path.iterdir()) == []

    sealed = one.seal("secret", of="A")

    [file] = tmp_path.iterdir()
    assert file.name == "placet.db.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert beside(tmp_path).open(sealed, of="A") == "secret"


def test_two_programs_that_make_the_key_at_once_have_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first, second = beside(tmp_path), beside(tmp_path)
    sealed = first.seal("secret", of="A")
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda self: not self.name.endswith(".key") and exists(self))

    assert second.open(sealed, of="A") == "secret"


def test_a_key_that_is_set_goes_over_the_file(tmp_path: Path):
    (tmp_path / "key").write_text(OTHER)
    settings = Settings(secret_key=KEY, secret_key_file=str(tmp_path / "key"))

    assert vault().open(Vault(settings).seal("secret", of="A"), of="A") == "secret"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"short", r"has 5 characters, at least 32 are needed; set PLACET_SECRET_KEY"),
        (b"\xff" * 40, r"cannot be used \(it is no text\); set PLACET_SECRET_KEY"),
    ],
)
def test_a_key_file_that_is_none_is_refused(content: bytes, reason: str, tmp_path: Path):
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(Unavailable, match=reason):
        Vault(Settings(secret_key_file=str(tmp_path / "key"))).seal("secret", of="A")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(Unavailable, match=r"nowhere/key cannot be used \(No such file or directory\)"):
        Vault(Settings(secret_key_file=str(tmp_path / "nowhere/key"))).seal("secret", of="A")


def test_postgresql_has_no_place_for_a_file_and_asks_for_one():
    with pytest.raises(Unavailable, match=r"no key .* PLACET_SECRET_KEY, or the file .* the same on every node"):
        Vault(Settings(database_url="postgresql://placet@db/placet")).seal("secret", of="A")


def test_signatures_are_of_one_message_one_purpose_and_one_key():
    made = {vault(key).sign(text, purpose=why) for key in (KEY, OTHER) for text in (b"a", b"b") for why in ("x", "y")}

    assert len(made) == 8
    assert vault().sign(b"a", purpose="x") == vault().sign(b"a", purpose="x")


def test_what_an_older_key_sealed_still_opens_and_is_not_current():
    old, both = vault(KEY), Vault(Settings(secret_key=OTHER, secret_keys_old=f"{'c' * 32}, {KEY}"))
    sealed = old.seal("secret", of="A")

    assert both.open(sealed, of="A") == "secret"
    assert (old.is_current(sealed), both.is_current(sealed)) == (True, False)
    assert both.is_current(both.seal("secret", of="A"))
    with pytest.raises(Unavailable):
        both.open(sealed, of="B")


def test_a_key_file_has_the_newest_key_first(tmp_path: Path):
    file = tmp_path / "key"
    settings = Settings(secret_key_file=str(file))
    file.write_text(f"{KEY}\n")
    sealed = Vault(settings).seal("secret", of="A")
    file.write_text(f"{OTHER}\n\n  {KEY}  \n")

    assert Vault(settings).open(sealed, of="A") == "secret"
    assert vault(OTHER).open(Vault(settings).seal("secret", of="A"), of="A") == "secret"
    assert Vault(settings).sign(b"a", purpose="x") == vault(OTHER).sign(b"a", purpose="x")


def test_a_key_that_was_in_the_file_opens_from_the_setting(tmp_path: Path):
    sealed = beside(tmp_path).seal("secret", of="A")
    key = (tmp_path / "placet.db.key").read_text().strip()

    assert Vault(Settings(secret_key=KEY, secret_keys_old=key)).open(sealed, of="A") == "secret"


def test_every_key_in_a_file_is_long_enough(tmp_path: Path):
    (tmp_path / "key").write_text(f"{KEY}\nshort\n")

    with pytest.raises(Unavailable, match=r"has 5 characters"):
        Vault(Settings(secret_key_file=str(tmp_path / "key"))).seal("secret", of="A")


def test_an_older_key_that_is_too_short_is_refused_and_not_repeated():
    with pytest.raises(InvalidInput, match="secret_keys_old takes texts of 32 characters or more") as caught:
        Settings(secret_key=KEY, secret_keys_old=f"{OTHER},too-short")
    assert "too-short" not in str(caught.value)
    assert OTHER not in repr(Settings(secret_key=KEY, secret_keys_old=OTHER).about())
