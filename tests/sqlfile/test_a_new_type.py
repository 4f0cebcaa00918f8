"""A type of parameters is one entry of PARAMETER_TYPES: all that reads a type finds it there."""

from __future__ import annotations

import re

import pytest

from aggregator.sqlfile import cell_readers
from aggregator.sqlfile.column_converter import ColumnConverter
from aggregator.sqlfile.header import Source, read_source
from aggregator.sqlfile.input_columns import InputColumn, input_schema
from aggregator.sqlfile.parameter_types import PARAMETER_TYPES, FormField, ParameterType
from aggregator.sqlfile.parameters import Declared, parameter_schema, read_arguments
from aggregator.values.invalid import InvalidValue
from aggregator.web.pages.forms import fields_of

COLOR = re.compile("#[0-9a-f]{6}")
FILE = "/*\nparams: {{shade: {{type: color{keys}}}}}\ninput: {{paint: {{type: color}}}}\n*/\nSELECT 1"


def parse_color(text: str, declared: Declared) -> str:
    if not COLOR.fullmatch(text):
        raise InvalidValue("must be a color, such as #ff0000")
    return text


def colors(column: InputColumn) -> tuple[cell_readers.Read, cell_readers.ReadBatch | None]:
    read, _ = cell_readers.as_parameter(column)
    return lambda text: read(text.lower()), None


@pytest.fixture(autouse=True)
def color(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ParameterType(
        parse_color,
        "a color",
        "its text",
        {"type": "string", "format": "color"},
        keys=("credit",),
        form=FormField("color", COLOR, {"list": "palette"}),
        reader=colors,
    )
    monkeypatch.setitem(PARAMETER_TYPES, "color", kind)


def source(keys: str = "") -> Source:
    found, faults = read_source(FILE.format(keys=keys), "a.sql")
    assert found is not None, faults
    return found


def test_a_header_takes_the_type_and_its_keys() -> None:
    source()
    _, faults = read_source(FILE.format(keys=", min: 1"), "a.sql")
    assert [fault.message for fault in faults] == [
        "params.shade.min: is for integer, number, money, text, date, datetime, month, not for color"
    ]
    InputColumn.model_validate({"type": "color", "credit": "plus"})
    with pytest.raises(ValueError, match="is for money, color, not for text"):
        InputColumn.model_validate({"type": "text", "credit": "plus"})
    with pytest.raises(ValueError, match=r"must be one of integer, .*, choice, color, not colour"):
        InputColumn.model_validate({"type": "colour"})


def test_a_request_gives_it() -> None:
    params = source().header.params
    assert read_arguments(params, {"shade": ["#00ff00"]}) == {"shade": "#00ff00"}
    assert parameter_schema(params["shade"]) == {"type": "string", "format": "color"}


@pytest.mark.parametrize(("text", "widget"), [("#00ff00", "color"), ("green", "text")])
def test_a_form_asks_for_it(text: str, widget: str) -> None:
    (field,) = fields_of(source().header.params, {"shade": [text]}, {})
    assert (field.widget, field.texts) == (widget, (text,))
    assert field.attributes == ({"list": "palette"} if widget == "color" else {})


def test_a_file_has_a_column_of_it() -> None:
    columns = source().header.input
    refused = [(2, "must be a color, such as #ff0000")]
    assert ColumnConverter(columns["paint"]).values(["#FF0000", "", "red"]) == (
        ["#ff0000", None, None],
        refused,
    )
    assert input_schema(columns)["properties"] == {"paint": {"type": ["string", "null"], "format": "color"}}
