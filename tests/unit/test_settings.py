"""Settings: defaults, the file, the environment, and what is refused."""

import pytest

from placet.errors import InvalidInput
from placet.settings import Settings, hide_secret, names, read_settings


def test_each_comes_from_where_it_was_given_last(tmp_path):
    file = tmp_path / "placet.toml"
    file.write_text('port = 9000\nhost = "0.0.0.0"\nengine_id = "file"\n')

    settings = read_settings({"PLACET_PORT": "9001", "OTHER": "x", "PLACET_USER": "of the command line"}, file)
    settings = settings.with_values("argument", engine_id="given", host=None)

    assert (settings.host, settings.port, settings.engine_id) == ("0.0.0.0", 9001, "given")
    assert settings.sources == {"host": str(file), "port": "PLACET_PORT", "engine_id": "argument"}
    shown = {name: (value, source) for name, value, source, _ in settings.about()}
    assert shown["body_limit"] == ("1048576", "default")
    assert list(shown) == names()


def test_a_variable_that_is_no_setting_is_refused():
    with pytest.raises(InvalidInput, match=r"PLACET_PROT is no setting \(did you mean PLACET_PORT\?\)"):
        read_settings({"PLACET_PROT": "1"})


def test_a_named_file_has_to_be_there(tmp_path):
    with pytest.raises(InvalidInput, match="no file"):
        read_settings({"PLACET_CONFIG": str(tmp_path / "nothing.toml")})


def test_without_anything_there_are_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert read_settings({}) == Settings()


def test_the_file_can_be_named(tmp_path):
    (tmp_path / "x.toml").write_text("port = 1")

    assert read_settings({"PLACET_CONFIG": str(tmp_path / "x.toml")}).port == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = '80'", "port has to be a number"),
        ("port = true", "port has to be a number"),
        ("host = 1", "host has to be a text"),
        ("prot = 1", "unknown setting 'prot'"),
        ("port = ", "cannot be read"),
        ("port = 70000", "between 0 and 65535"),
        ("idempotency_hours = 23", "24 or more"),
        ("engine_id = 'a b'", "letters, digits"),
        ("engine_id = ''", "letters, digits"),
        ("start_response = '200'", "204 or requestID"),
    ],
)
def test_what_a_file_may_not_say(tmp_path, text, message):
    file = tmp_path / "placet.toml"
    file.write_text(text)

    with pytest.raises(InvalidInput, match=message):
        read_settings({}, file)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "1e3", "9999999999", "²"])
def test_a_number_in_the_environment_is_one(text, tmp_path):
    with pytest.raises(InvalidInput, match="PLACET_PORT has to be a number"):
        read_settings({"PLACET_PORT": text}, tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("", ""),
        ("hunter2", "***"),
        ("postgresql://me:pass@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:p@ss:w/rd@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?password=hunter2", "postgresql://host/db?password=***"),
        ("sqlite:///placet.db", "sqlite:///placet.db"),
    ],
)
def test_a_secret_is_never_shown(secret, shown):
    assert hide_secret(secret) == shown


def test_the_list_of_settings_shows_no_secret():
    settings = Settings(database_url="postgresql://me:hunter2@host/db", admin_password="hunter2")

    assert "hunter2" not in str(settings.about())
