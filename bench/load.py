"""Requests a second with many connections: `wrk` where there is one, else the same in asyncio."""

import asyncio
import re
import shutil
import time

from bench.children import finish
from bench.client import BadAnswer

CONNECTIONS = 16


def generator() -> str:
    """What makes the requests here."""
    return "wrk" if shutil.which("wrk") else "a generator in Python (slower than wrk: install it)"


def requests_a_second(port: int, target: str, seconds: float) -> float:
    """How many requests are answered in a second, with 16 connections that are kept."""
    if wrk := shutil.which("wrk"):
        return _wrk(wrk, f"http://127.0.0.1:{port}{target}", seconds)
    return asyncio.run(_in_python(port, target, seconds))


def _wrk(wrk: str, url: str, seconds: float) -> float:
    out = finish([wrk, "-t1", f"-c{CONNECTIONS}", f"-d{round(seconds)}s", url])
    rate = re.search(r"Requests/sec:\s*([\d.]+)", out)
    if rate is None or "Non-2xx" in out:
        raise BadAnswer("not every answer was 200")
    return float(rate[1])


async def _in_python(port: int, target: str, seconds: float) -> float:
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    until = time.perf_counter() + seconds
    began = time.perf_counter()
    counts = await asyncio.gather(*(_one_connection(port, request, until) for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - began)


async def _one_connection(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise BadAnswer("not every answer was 200")
        await _skip_body(reader, head.lower())
        count += 1
    writer.close()
    return count


async def _skip_body(reader: asyncio.StreamReader, head: bytes) -> None:
    if length := re.search(rb"content-length: (\d+)", head):
        await reader.readexactly(int(length[1]))
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
    await reader.readuntil(b"\r\n")
