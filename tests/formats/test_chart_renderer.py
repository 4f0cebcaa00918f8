"""The process that draws: one for all threads, which ends, and is started again."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aggregator.errors import QueryFailed
from aggregator.formats.charts.renderer import ChartRenderer
from tests.server import eventually

TEXT = {"data": {"values": [{}]}, "mark": {"type": "text", "text": "hello"}, "width": 50, "height": 20}


@pytest.fixture
def renderer() -> Iterator[ChartRenderer]:
    own = ChartRenderer(idle_seconds=0.2)
    yield own
    own.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[ChartRenderer]:
    """One for tests to which it does not matter when its process began."""
    own = ChartRenderer()
    yield own
    own.close()


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return {int(each) for each in listed.split()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system has no /proc")
def test_it_ends_when_nobody_wants_a_picture(renderer: ChartRenderer) -> None:
    before = children()
    first = renderer.render("svg", TEXT)
    (child,) = children() - before
    eventually(lambda: Path(f"/proc/{child}/stat").read_text().split()[2] == "Z")

    assert renderer.render("svg", TEXT) == first
    assert len(children() - before) == 1


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system has no /proc")
def test_one_that_was_killed_is_replaced(renderer: ChartRenderer) -> None:
    before = children()
    first = renderer.render("svg", TEXT)
    (child,) = children() - before
    os.kill(child, signal.SIGKILL)

    assert renderer.render("svg", TEXT) == first


def test_many_threads(shared: ChartRenderer) -> None:
    specs = [{**TEXT, "mark": {"type": "text", "text": f"number {n}"}} for n in range(12)]
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda spec: shared.render("svg", spec), specs))
    assert all(f">number {n}<".encode() in picture for n, picture in enumerate(drawn))


def test_what_cannot_be_drawn(shared: ChartRenderer) -> None:
    with pytest.raises(QueryFailed, match=r"^The chart could not be drawn.$") as failed:
        shared.render("svg", {"mark": "no such mark"})
    assert "conversion failed" in failed.value.cause
    assert b"hello" in shared.render("svg", TEXT)


def test_no_file_is_read(shared: ChartRenderer, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('[{"text": "secret"}]')
    spec = {"mark": "text", "encoding": {"text": {"field": "text"}}}

    assert b"secret" not in shared.render("svg", {**spec, "data": {"url": f"file://{tmp_path}/data.json"}})
    with pytest.raises(QueryFailed) as failed:
        shared.render("svg", {**spec, "data": {"url": f"{tmp_path}/data.json"}})
    assert "not allowed" in failed.value.cause


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_nobody_is_asked(shared: ChartRenderer, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.json"
        with pytest.raises(QueryFailed) as failed:
            shared.render(kind, {"data": {"url": url}, "mark": "bar"})
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "not allowed" in failed.value.cause
