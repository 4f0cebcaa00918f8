"""Settings: options, environment and defaults, in this order; what does not fit is said in words."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.settings import Settings, add_settings, option, read_settings, variable
from tests.commands import run_text

PROJECT = Path(__file__).parent.parent
NAMES = list(Settings.model_fields)

EXAMPLES: dict[str, tuple[str, object]] = {
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("0", 0),
    "allowed_hosts": ("reports.example.com, *.internal", "reports.example.com, *.internal"),
    "dbs": ("some/where", Path("some/where")),
    "sql": ("/abs", Path("/abs")),
    "workers": ("3", 3),
    "max_reports": ("2", 2),
    "queue_wait": ("0", 0.0),
    "time_limit": ("0.5", 0.5),
    "lock_wait": ("1e1", 10.0),
    "reader_processes": ("0", 0),
    "heavy_seconds": ("2", 2.0),
    "max_body": ("0", 0),
    "max_value": ("2000000", 2_000_000),
    "spool_memory": ("0", 0),
    "spool_space": ("0", 0),
    "spool_dir": ("/tmp", Path("/tmp")),
    "show_sql": ("no", False),
    "log_level": ("debug", "debug"),
}
"""A text for each setting, and its value."""

WRONG = [
    ("port", "abc", "must be a whole number"),
    ("port", "80.5", "must be a whole number"),
    ("port", "-1", "must be at least 0"),
    ("port", "65536", "must be at most 65535"),
    ("allowed_hosts", "https://reports.example.com", "must be host names separated by commas"),
    ("allowed_hosts", "reports:8050", "must be host names separated by commas"),
    ("workers", "0", "must be at least 1"),
    ("max_reports", "0", "must be at least 1"),
    ("queue_wait", "-1", "must be at least 0"),
    ("queue_wait", "soon", "must be a number"),
    ("time_limit", "0", "must be more than 0"),
    ("time_limit", "inf", "must be a finite number"),
    ("lock_wait", "nan", "must be a finite number"),
    ("max_value", "999999", "must be at least 1000000"),
    ("spool_memory", "4M", "must be a whole number"),
    ("show_sql", "perhaps", "must be true or false"),
    ("spool_dir", "/no/such/folder", "must be an existing folder"),
    ("log_level", "loud", "must be debug, info, warning or error"),
    ("log_level", "INFO", "must be debug, info, warning or error"),
]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("AGGREGATOR_"):
            monkeypatch.delenv(name)


def parsed(*arguments: str) -> Settings:
    parser = argparse.ArgumentParser(prog="test")
    add_settings(parser)
    return read_settings(parser, parser.parse_args(arguments))


def as_option(name: str, text: str) -> list[str]:
    """A switch has no text."""
    if isinstance(EXAMPLES[name][1], bool):
        return [option(name)] if text == "True" else [f"--no-{option(name)[2:]}"]
    return [option(name), text]


def test_each_setting_has_an_example_here() -> None:
    assert set(EXAMPLES) == set(NAMES)
    assert {name for name, _, _ in WRONG} >= {"port", "time_limit", "log_level", "spool_dir"}


@pytest.mark.parametrize("name", NAMES)
def test_options_go_before_the_environment_and_that_before_defaults(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, value = EXAMPLES[name]
    default = Settings.model_fields[name].default
    assert getattr(parsed(), name) == default != value
    monkeypatch.setenv(variable(name), text)
    assert getattr(parsed(), name) == value
    # Options are all texts; a default of None cannot be asked for.
    if default is not None:
        assert getattr(parsed(*as_option(name, str(default))), name) == default


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_text_counts_as_not_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    default = Settings.model_fields[name].default
    monkeypatch.setenv(variable(name), "")
    assert getattr(parsed(), name) == default
    if not isinstance(default, bool):
        assert getattr(parsed(option(name), ""), name) == default


@pytest.mark.parametrize(("name", "text", "message"), WRONG)
def test_what_does_not_fit_is_said_in_words(
    name: str,
    text: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not isinstance(EXAMPLES[name][1], bool):
        with pytest.raises(SystemExit) as raised:
            parsed(f"{option(name)}={text}")
        assert raised.value.code == 2
        assert capsys.readouterr().err.endswith(f"test: error: {option(name)}: {message}, not {text}\n")
    monkeypatch.setenv(variable(name), text)
    with pytest.raises(SystemExit) as raised:
        parsed()
    assert raised.value.code == 2
    assert capsys.readouterr().err.endswith(f"test: error: {variable(name)}: {message}, not {text}\n")


def test_all_that_does_not_fit_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--port", "x", "--workers", "0")
    message = "--port: must be a whole number, not x; --workers: must be at least 1, not 0\n"
    assert capsys.readouterr().err.endswith(message)


def test_names() -> None:
    assert (option("time_limit"), variable("time_limit")) == ("--time-limit", "AGGREGATOR_TIME_LIMIT")


def test_a_part_of_the_settings() -> None:
    parser = argparse.ArgumentParser()
    add_settings(parser, ("dbs", "sql"))
    assert read_settings(parser, parser.parse_args(["--dbs", "x"])).dbs == Path("x")
    with pytest.raises(SystemExit):
        parser.parse_args(["--port", "1"])


def test_a_worker_process_finds_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    options = [part for name, (text, _) in EXAMPLES.items() for part in as_option(name, text)]
    settings = parsed(*options)
    with monkeypatch.context() as context:
        # So that what is exported is taken back.
        for name in NAMES:
            context.setenv(variable(name), "")
        settings.export()
        assert Settings() == settings


def test_importing_makes_no_settings() -> None:
    """A wrong variable is no reason that a module cannot be imported."""
    modules = "aggregator.settings, aggregator.settings, aggregator.cli, aggregator.web.app"
    subprocess.run(
        [sys.executable, "-c", f"import {modules}"],
        check=True,
        cwd=PROJECT,
        env={**os.environ, "AGGREGATOR_PORT": "abc"},
    )


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


COMMANDS = {
    "app.py": ["app.py"],
    "check": ["-m", "aggregator", "check"],
    "run": ["-m", "aggregator", "run", "some/report"],
    "setup_db.py": ["setup_db.py"],
}


def environment_of(**variables: str) -> dict[str, str]:
    return {**os.environ, **variables, "COLUMNS": "80"}


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_text(arguments, cwd=PROJECT, env=environment_of(**variables))


def from_scratch(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment_of())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_environment_ends_each_command_with_a_message(name: str) -> None:
    done = command(*COMMANDS[name], AGGREGATOR_PORT="abc")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith("error: AGGREGATOR_PORT: must be a whole number, not abc")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["app.py", "check", "run"])
def test_a_folder_that_is_not_there_ends_each_command_with_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folders = ["--dbs", str(tmp_path / "none"), "--sql", str(tmp_path / "file")]
    done = command(*COMMANDS[name], *folders)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith(
        f"error: --dbs (AGGREGATOR_DBS): there is no folder {tmp_path / 'none'}; "
        f"--sql (AGGREGATOR_SQL): {tmp_path / 'file'} is not a folder"
    )


@pytest.mark.parametrize("name", ["app.py", "check"])
def test_a_python_without_the_packages_is_told_which_one_has_them(name: str) -> None:
    done = from_scratch("-S", *COMMANDS[name])
    assert done.returncode == 1
    assert re.fullmatch(r"This Python has no module \w+; use \.venv/bin/python, or install .*\n", done.stderr)


def test_the_help_of_the_server_has_every_setting() -> None:
    done = command("app.py", "--help")
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"; default: {field.default}"
        assert f"{option(name)} " in text
        assert field.description is not None
        assert f"{field.description} ({variable(name)}{default})" in text


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("check", ["dbs", "sql", "lock_wait"]),
        ("run", ["dbs", "sql", "time_limit", "lock_wait", "max_value", "spool_memory", "spool_dir"]),
    ],
)
def test_the_help_of_a_command_has_the_settings_that_matter_to_it(name: str, settings: list[str]) -> None:
    done = command("-m", "aggregator", name, "--help")
    assert done.returncode == 0
    assert [each for each in NAMES if f"\n  {option(each)} " in done.stdout] == settings


def test_the_demo_goes_where_the_settings_say(tmp_path: Path) -> None:
    for environment, expected in (({"AGGREGATOR_DBS": str(tmp_path / "a")}, "a"), ({}, None)):
        options = ["--orders", "0", *(["--dbs", str(tmp_path / "b")] if expected is None else [])]
        assert command("setup_db.py", *options, **environment).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_the_demo_does_not_wait_for_the_web() -> None:
    code = "import sys, setup_db; sys.exit(bool({'fastapi', 'pydantic', 'pandas'} & set(sys.modules)))"
    assert from_scratch("-c", code).returncode == 0
