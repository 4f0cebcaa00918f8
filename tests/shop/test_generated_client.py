"""A Python client that openapi-python-client generates from /openapi.json: whole, importable, and right."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.server import Server, url
from tests.shop.conftest import Shop


@contextmanager
def generated(server: Server, folder: Path, package: str) -> Iterator[ModuleType]:
    """The package generated from the server's description, with every endpoint and without a warning."""
    description = folder / "openapi.json"
    description.write_bytes(server.get("/openapi.json").body)
    config = folder / "config.yml"
    config.write_text("post_hooks: []\n")
    command = [*(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning")]
    command += ["--path", str(description), "--config", str(config), "--meta", "none"]
    made = subprocess.run(
        [*command, "--output-path", str(folder / package)], capture_output=True, text=True, check=False
    )
    assert (made.returncode, "WARNING" in made.stdout) == (0, False), made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(package)
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def client_package(mixed_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with generated(mixed_shop.server, tmp_path_factory.mktemp("client"), "shop_client") as package:
        yield package


def operations(server: Server) -> dict[str, dict[str, Any]]:
    """Each operation of the description by its id."""
    paths = server.get("/openapi.json").json()["paths"]
    return {
        operation["operationId"]: operation | {"method": method, "path": path}
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def module(package: ModuleType, operation: dict[str, Any]) -> ModuleType:
    tag = operation["tags"][0].replace("-", "_")
    return importlib.import_module(f"{package.__name__}.api.{tag}.{operation['operationId']}")


def plain(parsed: Any) -> Any:
    """What a generated model was made of."""
    if isinstance(parsed, list):
        return [plain(each) for each in parsed]
    return parsed.to_dict() if hasattr(parsed, "to_dict") else parsed


def test_every_endpoint_is_a_function_with_a_good_name(mixed_shop: Shop, client_package: ModuleType) -> None:
    found = operations(mixed_shop.server)
    assert {"list_orders", "get_order", "replace_order_lines", "import_orders", "get_health"} <= found.keys()
    for name, operation in found.items():
        assert re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)+", name)
        assert callable(module(client_package, operation).sync_detailed)


def test_every_get_reads_what_the_server_answers(mixed_shop: Shop, client_package: ModuleType) -> None:
    statuses: Counter[int] = Counter()
    with client_package.Client(base_url=url(mixed_shop.server, "")) as client:
        for operation in operations(mixed_shop.server).values():
            if operation["method"] != "get":
                continue
            needed = [each for each in operation.get("parameters", ()) if each.get("required")]
            arguments = {each["name"]: each["example"] for each in needed}
            answer = module(client_package, operation).sync_detailed(client=client, **arguments)
            assert plain(answer.parsed) == json.loads(answer.content), operation["path"]
            statuses[answer.status_code.value] += 1
    assert set(statuses) <= {200, 404}
    assert statuses[200] > statuses.total() * 0.8


def test_a_list_its_records_and_an_error(mixed_shop: Shop, client_package: ModuleType) -> None:
    found = operations(mixed_shop.server)
    list_orders, get_order = (module(client_package, found[name]) for name in ("list_orders", "get_order"))
    with client_package.Client(base_url=url(mixed_shop.server, "")) as client:
        page = list_orders.sync(client=client, limit=3, sort=list_orders.ListOrdersSort.ORDER_ID_ASC)
        ids = sorted(mixed_shop.books.orders)
        assert (page.total, [each.order_id for each in page.items]) == (len(ids), ids[:3])
        assert get_order.sync(ids[0], client=client).order_id == ids[0]
        problem = list_orders.sync(client=client, limit=-1)
        assert (problem.status, problem.errors[0].parameter) == (422, "limit")


def test_rows_are_sent_as_objects(mixed_shop: Shop, client_package: ModuleType) -> None:
    importing = module(client_package, operations(mixed_shop.server)["import_customers"])
    models = importlib.import_module(f"{client_package.__name__}.models")
    rows = [models.ImportCustomersBodyItem(customer_name=name, city="Pune") for name in ("Ada", "Grace")]
    with client_package.Client(base_url=url(mixed_shop.server, "")) as client:
        done = importing.sync(client=client, body=rows, dry_run=True)
    assert (done.received, done.inserted, done.dry_run) == (2, 2, True)
