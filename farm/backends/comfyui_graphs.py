"""Graphs for ComfyUI: templates in its API format, filled in for a request.

A text that is one placeholder becomes the value itself, so `"width": "{{width}}"` becomes a
number; a placeholder within a longer text becomes a part of it. What a request carries and the
graph has no place for is never lost in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from farm.backends.api import Request
from farm.errors import Ended, UsageError
from farm.model.causes import Cause
from farm.model.operations import Operation
from farm.model.outcomes import Outcome

ANY_MODEL = "graph"  # the model that is whatever the graph, or the machine, has
Graph = dict[str, Any]

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MAY_STAY_EMPTY = frozenset({"negative"})
# What a graph may decide by itself: a wrong size is found when the picture is proven.
_SOFT = frozenset({"width", "height", "seed", "count"})
_SHIPPED = {
    Operation.GENERATE: "generate",
    Operation.INSERT: "inpaint",
    Operation.REMOVE: "inpaint",
    Operation.BACKGROUND: "inpaint",
    Operation.UPSCALE: "upscale",
}
KNOWN = frozenset(
    {"prompt", "negative", "width", "height", "seed", "count", "factor", "model", "mask"}
)
_REFERENCE = re.compile(r"reference_[1-9][0-9]?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Graphs:
    """The user's graphs, by operation; the shipped ones stand in for what is missing."""

    own: Mapping[Operation, Graph] = field(default_factory=dict)

    def template(self, request: Request) -> Graph:
        """The graph for a request."""
        own = self.own.get(request.operation)
        if own is not None:
            return own
        if request.operation not in _SHIPPED:
            raise _unsupported(f"farm has no graph to {request.operation}: name your own")
        begins = request.operation is Operation.GENERATE and request.references
        return _shipped("begin" if begins else _SHIPPED[request.operation])


def proven(graphs: Graphs, request: Request) -> Graph:
    """The graph for a request; `Ended` (unsupported) before anything is uploaded for it."""
    template = graphs.template(request)
    upscales = request.operation is Operation.UPSCALE
    carried = {f"reference_{n}" for n, _ in enumerate(request.references, start=1)}
    carried |= {"factor"} if upscales else {"prompt"} if request.text else set()
    carried |= {"negative"} if request.negative and not upscales else set()
    carried |= {"mask"} if request.mask else set()
    named = {"model"} if request.model.id != ANY_MODEL else places(template) & {"model"}
    prove(template, carried | named | _SOFT)
    return template


def load_graphs(path: Path | None) -> Graphs:
    """The user's graph, or a folder of them named `<operation>.json`; UsageError for a bad one."""
    if path is None:
        return Graphs()
    if not path.is_dir():
        return Graphs(own={Operation.GENERATE: read_graph(path)})
    files = {operation: path / f"{operation}.json" for operation in Operation}
    found = {operation: read_graph(file) for operation, file in files.items() if file.is_file()}
    if not found:
        names = ", ".join(file.name for file in files.values())
        raise UsageError(f"{path} holds no graph; farm looks for {names}.")
    return Graphs(own=found)


def read_graph(path: Path) -> Graph:
    """A template from a file; UsageError says what is wrong with it."""
    try:
        graph: Graph = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"the graph {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"the graph {path} is no JSON: {error}") from error
    nodes = graph.values() if isinstance(graph, dict) else ()
    if not nodes or not all(isinstance(node, dict) and "class_type" in node for node in nodes):
        raise UsageError(
            f"{path} is no graph in ComfyUI's API format: export it there with "
            '"Export (API)", not with "Save".'
        )
    unknown = {name for name in places(graph) if name not in KNOWN | _references(graph)}
    if unknown:
        raise UsageError(
            f"the graph {path} has placeholders that farm does not know: "
            f"{_listed(unknown)}. It knows {_listed(KNOWN)}, {{{{reference_1}}}} and so on."
        )
    return graph


def places(graph: Any) -> set[str]:
    """The names of all placeholders in a graph."""
    if isinstance(graph, str):
        return set(_PLACEHOLDER.findall(graph))
    parts = graph.values() if isinstance(graph, dict) else graph if isinstance(graph, list) else ()
    return set().union(*(places(part) for part in parts))


def filled(template: Graph, values: Mapping[str, Any]) -> Graph:
    """The graph with its placeholders filled in.

    `Ended` (unsupported) when a value has no place, or a place no value.
    """
    prove(template, {name for name, value in values.items() if value not in {"", None}})
    found: Graph = _put(template, {**dict.fromkeys(_MAY_STAY_EMPTY, ""), **values})
    return found


def prove(template: Graph, carried: AbstractSet[str]) -> None:
    """`Ended` (unsupported) when the graph has no place for what is carried, or wants more."""
    has = places(template)
    if lost := carried - has - _SOFT:
        raise _unsupported(f"the graph has no place for {_listed(lost)}, which the job needs")
    if missing := has - carried - _MAY_STAY_EMPTY:
        advice = ": name a mask, white where the picture may change" * ("mask" in missing)
        raise _unsupported(f"the graph wants {_listed(missing)}, which the job lacks{advice}")


def _put(part: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(part, dict):
        return {key: _put(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [_put(value, values) for value in part]
    if not isinstance(part, str):
        return part
    whole = _PLACEHOLDER.fullmatch(part.strip())
    if whole:
        return values[whole[1]]
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), part)


def _references(graph: Graph) -> set[str]:
    return {name for name in places(graph) if _REFERENCE.fullmatch(name)}


def _shipped(name: str) -> Graph:
    text = resources.files("farm").joinpath("data", "graphs", f"{name}.json").read_text("utf-8")
    graph: Graph = json.loads(text)
    return graph


def _listed(names: AbstractSet[str]) -> str:
    return ", ".join(f"{{{{{name}}}}}" for name in sorted(names))


def _unsupported(why: str) -> Ended:
    message = f"ComfyUI: {why}. FARM_COMFYUI_GRAPH names another graph."
    return Ended(Outcome(cause=Cause.UNSUPPORTED, message=message))
