"""Settings: defaults, the file, the environment, and what cannot be."""

from dataclasses import fields
from pathlib import Path

import pytest

from rahdari.app.errors import BadSettings
from rahdari.app.settings import FILE_NAME, Settings, read_settings, write_settings


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('name = "From File"\nport = 9000\ncountry = "CHN"\n')
    read = read_settings(tmp_path, {"RAHDARI_NAME": "From Environment", "PATH": "/bin", "RAHDARI_TOKEN": "x"})
    assert (read.name, read.port, read.country, read.host) == ("From Environment", 9000, "CHN", "127.0.0.1")
    assert read.home == tmp_path


def test_the_home_is_the_one_given_else_the_one_of_the_environment_else_the_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path, {"RAHDARI_HOME": "/elsewhere"}).home == tmp_path
    assert read_settings(None, {"RAHDARI_HOME": str(tmp_path)}).home == tmp_path
    assert read_settings(None, {}).home == Path("rahdari-home")


def test_addresses_follow_from_the_home_and_the_public_url(tmp_path: Path) -> None:
    read = read_settings(tmp_path, {"RAHDARI_PUBLIC_URL": "https://id.sample.example/"})
    assert read.status_prefix == "https://id.sample.example/s/"
    assert read.database_url == f"sqlite:///{tmp_path / 'rahdari.db'}"
    postgresql = "postgresql://sample@db.example/rahdari"
    assert read_settings(tmp_path, {"RAHDARI_DATABASE": postgresql}).database_url == postgresql


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("RAHDARI_PORT", "many", "whole number"),
        ("RAHDARI_PORT", "65536", "between 0 and 65535"),
        ("RAHDARI_PORT", "-1", "whole number"),
        ("RAHDARI_SHARD_ENTRIES", "2", "shard_entries"),
        ("RAHDARI_SHARD_ENTRIES", "1" * 12, "nine digits"),
        ("RAHDARI_STATUS_AGE_MAX_SECONDS", "0", "status_age_max_seconds"),
        ("RAHDARI_ALGORITHM", "RS256", "ES256, EdDSA"),
        ("RAHDARI_LANGUAGE", "fr", "en, ur, zh"),
        ("RAHDARI_PUBLIC_URL", "http://id.sample.example", "https"),
        ("RAHDARI_PUBLIC_URL", "ftp://id.sample.example", "https"),
        ("RAHDARI_PUBLIC_URL", "http://127.0.0.1.evil.example", "https"),
        ("RAHDARI_PUBLIC_URL", "http://localhost@evil.example", "https"),
        ("RAHDARI_PUBLIC_URL", "http://127.0.0.1:8440evil.example", "https"),
        ("RAHDARI_PUBLIC_URL", "https://id.sample.example/ x", "https"),
        ("RAHDARI_PUBLIC_URL", "https://id.sample.example\n", "control"),
        ("RAHDARI_PUBLIC_URL", "https://id.sample.example?x=1", "https"),
        ("RAHDARI_PUBLIC_URL", "https://someone@id.sample.example", "https"),
        ("RAHDARI_PUBLIC_URL", "https://", "https"),
        ("RAHDARI_NAME", "Sample\nport = 1", "name holds a control"),
        ("RAHDARI_NAME", "Sample\x1b[2J", "name holds a control"),
        ("RAHDARI_ISSUER", "urn:sample\x00", "issuer holds a control"),
        ("RAHDARI_COUNTRY", "PAK\x85", "country holds a control"),
        ("RAHDARI_TRUSTED_PROXY", "*", "addresses"),
        ("RAHDARI_TRUSTED_PROXY", "127.0.0.1,proxy.example", "addresses"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(tmp_path: Path, name: str, value: str, told: str) -> None:
    with pytest.raises(BadSettings, match=told):
        read_settings(tmp_path, {name: value})


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('colour = "red"', "no setting"),
        ("port = true", "whole number"),
        ("port = 1.5", "whole number"),
        ("name = 5", "must be text"),
        ("name = ", "cannot be read"),
        ("\x00", "cannot be read"),
        ("[table]\nname = 1", "no setting"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(tmp_path: Path, written: str, told: str) -> None:
    (tmp_path / FILE_NAME).write_text(written)
    with pytest.raises(BadSettings, match=told) as refused:
        read_settings(tmp_path, {})
    assert FILE_NAME in refused.value.message


@pytest.mark.parametrize(
    "url",
    [
        "https://id.sample.example",
        "https://id.sample.example:8443/rahdari/",
        "https://[2001:db8::1]",
        "http://127.0.0.1:8440",
        "http://localhost/",
        "http://[::1]:1",
    ],
)
def test_an_address_that_the_world_reaches_is_taken(tmp_path: Path, url: str) -> None:
    assert read_settings(tmp_path, {"RAHDARI_PUBLIC_URL": url}).public_url == url


def test_proxies_are_listed_by_address(tmp_path: Path) -> None:
    listed = "127.0.0.1, 10.0.0.0/8,2001:db8::/32"
    assert read_settings(tmp_path, {"RAHDARI_TRUSTED_PROXY": listed}).trusted_proxy == listed


def test_what_is_written_is_read_again_and_holds_no_secret(tmp_path: Path) -> None:
    chosen = {
        "RAHDARI_NAME": 'A "quoted" \\ name',
        "RAHDARI_PORT": "8000",
        "RAHDARI_PASSPHRASE": "sesame-sesame",
        "RAHDARI_ROOT_PASSPHRASE": "sesame-root",
        "RAHDARI_PKCS11_PIN": "sesame-pin",
    }
    settings = read_settings(tmp_path, chosen)
    written = write_settings(settings)
    assert "sesame" not in written
    assert "home" not in written
    (tmp_path / FILE_NAME).write_text(written)
    again = read_settings(tmp_path, {})
    assert (again.name, again.port, again.passphrase) == ('A "quoted" \\ name', 8000, "")


def test_every_setting_says_what_it_is_about() -> None:
    assert all(one.metadata.get("about") for one in fields(Settings))
    secret = {one.name for one in fields(Settings) if "secret" in one.metadata}
    assert secret == {"passphrase", "root_passphrase", "pkcs11_pin", "comtrade_key"}
