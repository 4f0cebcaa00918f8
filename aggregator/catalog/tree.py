"""The URLs as a tree, in which what is named goes before what is a parameter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aggregator.catalog.paths import Route, parameter_of

T = TypeVar("T")


@dataclass(slots=True)
class _Node(Generic[T]):
    """A part of a URL: what follows it by name, what follows as a parameter, what answers here."""

    literals: dict[str, _Node[T]] = field(default_factory=dict)
    parameter: _Node[T] | None = None
    answers: dict[str, T] = field(default_factory=dict)


class UrlTree(Generic[T]):
    """Something for each route."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, route: Route, answer: T) -> T:
        """Put it at its place; returns what stands there, which is another thing when it is taken."""
        node = self._root
        for segment in route.segments:
            if parameter_of(segment):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        return node.answers.setdefault(route.method, answer)

    def find(self, segments: Sequence[str]) -> list[dict[str, T]]:
        """What is there for the parts of a URL, by method; the place to prefer comes first."""
        return [node.answers for node in _descend(self._root, segments) if node.answers]

    def names(self, method: str, before: Sequence[str | None], after: Sequence[str]) -> set[str]:
        """The names that answer the method where a value would stand in a path, between these parts.

        before: None stands for any part.
        """
        nodes = [self._root]
        for part in before:
            nodes = [child for node in nodes for child in _children(node, part)]
        found = [(name, child) for node in nodes for name, child in node.literals.items()]
        return {
            name for name, child in found if any(method in each.answers for each in _descend(child, after))
        }


def _children(node: _Node[T], part: str | None) -> Iterator[_Node[T]]:
    if part is None:
        yield from node.literals.values()
    elif part in node.literals:
        yield node.literals[part]
    if node.parameter is not None:
        yield node.parameter


def _descend(node: _Node[T], segments: Sequence[str]) -> Iterator[_Node[T]]:
    if not segments:
        yield node
        return
    first, rest = segments[0], segments[1:]
    name = unicodedata.normalize("NFC", first)
    if name in node.literals:
        yield from _descend(node.literals[name], rest)
    if node.parameter is not None and first:
        yield from _descend(node.parameter, rest)
