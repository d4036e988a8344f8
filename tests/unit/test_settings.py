"""Settings: defaults, the file, the environment, and what is refused."""

import subprocess
import sys

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


@pytest.mark.parametrize(
    ("variable", "hint"), [("PLACET_PROT", " (did you mean PLACET_PORT?)"), ("PLACET_SERVICE_ADDRESS_OF_A_CLUSTER", "")]
)
def test_a_variable_that_is_no_setting_is_warned_of(variable, hint, tmp_path, caplog):
    assert read_settings({variable: "1"}, tmp_path / "none.toml") == Settings()
    assert caplog.messages == [f"{variable} is no setting{hint} and changes nothing."]


def test_without_logging_a_warning_goes_to_standard_error():
    """A program that prints JSON stays readable for the next one."""
    code = "from placet.settings import read_settings; read_settings({'PLACET_PROT': '1'}); print('{}')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == "{}\n"
    assert run.stderr == "PLACET_PROT is no setting (did you mean PLACET_PORT?) and changes nothing.\n"


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
        ("port = '80'", "The setting port (from FILE) takes a number between 0 and 65535, not '80'."),
        ("port = true", "The setting port (from FILE) takes a number between 0 and 65535, not True."),
        ("port = 70000", "The setting port (from FILE) takes a number between 0 and 65535, not 70000."),
        ("host = 1", "The setting host (from FILE) takes an address such as 127.0.0.1, not 1."),
        ("host = ''", "The setting host (from FILE) takes an address such as 127.0.0.1, not ''."),
        ("definitions = ''", "The setting definitions (from FILE) takes a folder, not ''."),
        ("drain_seconds = -1", "The setting drain_seconds (from FILE) takes a number of 0 or more, not -1."),
        ("body_limit = 1", "The setting body_limit (from FILE) takes a number of 1024 or more, not 1."),
        ("idempotency_hours = 23", "takes a number between 24 and 100000, not 23."),
        ("engine_id = 'a b'", "takes letters, digits and . _ - only, 64 at most, not 'a b'."),
        ("database_direct_url = 'me:hunter2@host'", "leads to PostgreSQL itself, not ***."),
        ("start_response = '200'", "takes the text 204 or requestID, not '200'."),
        ("start_response = 204", "takes the text 204 or requestID, not 204."),
        ("log_level = 'loud'", "takes debug, info, warning or error, not 'loud'."),
        ("database_url = 'mysql://me:hunter2@host/db'", "host/name, not mysql://me:***@host/db."),
        ("database_url = 'me:hunter2@host'", "host/name, not ***."),
        ("admin_password = 12345678", "The setting admin_password (from FILE) takes a text, not ***."),
        ("prot = 1", "FILE has an unknown setting 'prot' (did you mean port?); the settings are database_url, "),
        ("[server]\nport = 1", "FILE has an unknown setting 'server'; the settings are "),
        ("port = ", "FILE cannot be read: "),
    ],
)
def test_what_a_file_may_not_say(tmp_path, text, message):
    file = tmp_path / "placet.toml"
    file.write_text(text)

    with pytest.raises(InvalidInput) as refusal:
        read_settings({}, file)

    assert message.replace("FILE", str(file)) in refusal.value.message


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "1e3", "9999999999", "70000", "²"])
def test_a_number_in_the_environment_is_one(text, tmp_path):
    with pytest.raises(InvalidInput, match=r"port \(from PLACET_PORT\) takes a number between 0 and 65535, not "):
        read_settings({"PLACET_PORT": text}, tmp_path / "none.toml")


@pytest.mark.parametrize(("name", "value"), [("port", "80"), ("database_url", None), ("host", b"127.0.0.1")])
def test_a_value_of_the_wrong_type_is_refused_in_a_program_too(name, value):
    with pytest.raises(InvalidInput, match=f"The setting {name} takes "):
        Settings(**{name: value})


def test_an_option_is_named_as_the_source():
    with pytest.raises(InvalidInput, match=r"port \(from --port\) takes"):
        Settings().with_values("--port", port=-1)


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
