"""A page that stood still, as HTML: redacted, self-contained, and read like the live one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from farm.sites.gemini.pack import Pack
from farm.sites.gemini.reading import SMALLEST_PICTURE_PX
from farm.sites.gemini.redaction import APP_TITLE, Redaction

Node = Sequence[Any]  # [tag, attributes, zone, children], as still.js makes it

NO_REQUESTS = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
_STICKY = frozenset({"private", "query"})  # nothing inside them is public again
_VOID = frozenset(
    {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "track", "wbr"}
)
_KEPT = frozenset(
    {
        "checked", "class", "colspan", "contenteditable", "data-mat-icon-name", "data-node-type",
        "data-test-id", "dir", "disabled", "enterkeyhint", "fonticon", "for", "hidden", "id",
        "lang", "multiple", "name", "open", "role", "rowspan", "selected", "style", "tabindex",
        "type",
    }
)  # fmt: skip
_TEXTS = frozenset(
    {
        "alt", "aria-braillelabel", "aria-description", "aria-label", "aria-placeholder",
        "aria-roledescription", "aria-valuetext", "arialabel", "data-placeholder", "data-tooltip",
        "label", "mattooltip", "placeholder", "title", "value",
    }
)  # fmt: skip
_NEVER = re.compile(
    r"on|js|_ng|ng-|\*|nonce$|integrity$|srcset$|srcdoc$|ping$|content$|(?:form)?action$|poster$"
    r"|data$|cite$|background$|longdesc$|crossorigin$|xlink|xmlns"
)
_PLAIN_VALUE = re.compile(r"(?:true|false|\d{0,3})$")
_ASKED_ATTRIBUTE = re.compile(r"\[\s*([a-zA-Z][\w-]*)")
_LONGEST_VALUE = 200


@dataclass(kw_only=True)
class Saved:
    """Writes a tree as HTML with what its redaction lets pass."""

    redaction: Redaction
    _asked: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Attributes that the pack's selectors look at stay, or the page would read otherwise."""
        self._asked = asked_attributes(self.redaction.pack) - _TEXTS - {"href", "src"}

    def page(self, tree: Node, *, head: str = "") -> str:
        """The whole document; `head` is added to its head."""
        text = "".join(self._element(tree, ""))
        first = f'<head><meta charset="utf-8">{head}'
        text = re.sub(r"<head(?: [^>]*)?>", lambda _: first, text, count=1)
        for secret in self.redaction.veil.secrets:
            text = text.replace(html.escape(secret), "").replace(secret, "")
        return f"<!doctype html>\n{text}\n"

    def _element(self, node: Node, around: str) -> Iterator[str]:
        tag, attributes, zone, children = node
        zone = around if around in _STICKY else zone or around
        yield f"<{tag}"
        for name, value in attributes.items():
            kept = self._attribute(tag, name, value, zone, attributes)
            if kept is not None:
                yield f' {name}="{html.escape(kept)}"' if kept else f" {name}"
        yield ">"
        if tag in _VOID:
            return
        for child in children if tag != "title" else [APP_TITLE]:
            yield from (
                [self._text(child, zone)] if isinstance(child, str) else self._element(child, zone)
            )
        yield f"</{tag}>"

    def _text(self, text: str, zone: str) -> str:
        if not text.strip():
            return text
        return html.escape(self.redaction.text(text, zone), quote=False)

    def _attribute(
        self, tag: str, name: str, value: str, zone: str, beside: Mapping[str, str]
    ) -> str | None:
        """What is kept of a value; "" for the name alone, None for nothing at all."""
        if _NEVER.match(name):
            return None
        if name in {"href", "src"}:
            return self._address(tag, name, value, beside)
        if name in _TEXTS:
            return self._words(name, value, zone)
        structural = name in _KEPT or name in self._asked or name.startswith("aria-")
        if structural and (len(value) <= _LONGEST_VALUE or name == "class"):
            return self.redaction.ids_in(value)
        return value if _PLAIN_VALUE.match(value) else ""

    def _address(self, tag: str, name: str, value: str, beside: Mapping[str, str]) -> str | None:
        if name == "src":
            wide = int(beside.get("*picture", "0")) > SMALLEST_PICTURE_PX
            return self.redaction.picture(value, loaded=wide) if tag == "img" else None
        return self.redaction.url(value) if value.startswith(("http", "/")) else None

    def _words(self, name: str, value: str, zone: str) -> str:
        if zone == "box" and name != "value":
            zone = "spoken"  # the box's own name and placeholder are the site's words
        if zone == "query":
            zone = "private"
        return self.redaction.text(value, zone)


def asked_attributes(pack: Pack) -> frozenset[str]:
    """Names of attributes that some candidate of the pack looks at."""
    every = (c.css for role in pack.roles.values() for c in role.candidates)
    return frozenset(n.lower() for css in every for n in _ASKED_ATTRIBUTE.findall(css))
