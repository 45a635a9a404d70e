"""XMP packets: the one place in a picture file that every format has and every tool reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PREFIXES: Mapping[str, str] = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "farm": "urn:gemini-farm:facts:1#",
}
LANGUAGE_TEXTS = frozenset({"dc:description", "dc:title"})  # the standard wants one per language
# https://iptc.org/standards/photo-metadata: made by a model alone
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# the same: a picture of other making that a model changed
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_TAIL = '<?xpacket end="r"?>'
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Entities are how a small packet becomes a large one; XMP has no use for them.
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_MOST_BYTES = 4 * 1024 * 1024


def packet(values: Mapping[str, str]) -> bytes:
    """The XMP that says these properties (`dc:description`: text), empty ones left out."""
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in PREFIXES.items())
    lines = "\n".join(_property(name, text) for name, text in values.items() if text)
    return (
        f'{_HEAD}\n<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">\n'
        f'<rdf:Description rdf:about="" {spaces}>\n{lines}\n'
        f"</rdf:Description></rdf:RDF></x:xmpmeta>\n{_TAIL}"
    ).encode()


def _property(name: str, text: str) -> str:
    said = escape(_NO_XML.sub("\ufffd", text))
    if name in LANGUAGE_TEXTS:
        said = f'<rdf:Alt><rdf:li xml:lang="x-default">{said}</rdf:li></rdf:Alt>'
    return f"<{name}>{said}</{name}>"


def properties(data: bytes) -> dict[str, str]:
    """The properties of a packet by their names here; those of other namespaces are left out.

    Nothing is believed of the packet: what is no XMP, or declares entities, says nothing.
    """
    if len(data) > _MOST_BYTES or _DECLARATION.search(data) or b"\x00" in data:
        return {}
    try:
        root = ET.fromstring(data)  # noqa: S314  # no declarations, and of bounded size
    except ET.ParseError:
        return {}
    return {name: text for one in root.iter(f"{{{RDF}}}Description") for name, text in _said(one)}


def _said(description: ET.Element) -> Iterator[tuple[str, str]]:
    """Properties stand in attributes or elements, as the writing tool likes."""
    for key, text in description.attrib.items():
        yield from _named(key, text)
    for element in description:
        yield from _named(element.tag, "".join(element.itertext()))


def _named(key: str, text: str) -> Iterator[tuple[str, str]]:
    uri, _, name = key.removeprefix("{").partition("}")
    for prefix, known in PREFIXES.items():
        if uri == known:
            yield f"{prefix}:{name}", text
