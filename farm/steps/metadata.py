"""What a picture file says of how it came to be: written into copies, and read back.

XMP carries everything, in every format. EXIF and PNG's own texts repeat what simpler programs look
for. The row's own unknown columns and the folders of its reference pictures stay at home: copies
are made to be published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import PIL.Image

from farm.errors import NoPicture
from farm.model.operations import Operation
from farm.model.recipes import Format
from farm.steps import xmp
from farm.steps.base import Facts
from farm.steps.formats import Label
from farm.steps.pictures import opened, xmp_of

SOFTWARE = f"farm {version('gemini-farm')}"
SIDECAR_MOST_BYTES = 4 * 1024 * 1024
JPEG_MOST_BYTES = 65_000  # a segment of a JPEG holds 65,533 bytes, headers included

_E_MAIL = re.compile(r"[^\s@]+@[^\s@]+")
_DESCRIPTION, _SOFTWARE, _EXIF_IFD = 0x010E, 0x0131, 0x8769
_TIME_ORIGINAL, _OFFSET_ORIGINAL, _USER_COMMENT = 0x9003, 0x9011, 0x9286
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def label_of(facts: Facts, format_: Format) -> tuple[Label, str]:
    """What a copy in this format carries, and a sentence if something had to be left out."""
    public = published(facts)
    packet, exif = xmp.packet(_properties(public)), _exif(public, public.text)
    missing = ""
    if format_ is Format.JPEG and max(len(packet), len(exif)) > JPEG_MOST_BYTES:
        missing = "the prompt is too long for the metadata of a jpeg: cut off there."
        packet, exif = xmp.packet(_short(_properties(public))), _exif(public, "")
    texts = _texts(public) if format_ is Format.PNG else ()
    return Label(exif=exif, xmp=packet, texts=texts), missing


def published(facts: Facts) -> Facts:
    """The facts without what is nobody else's business."""
    prompt = {key: value for key, value in facts.prompt.items() if key != "extra"}
    if references := prompt.get("references"):
        prompt["references"] = [
            each if "://" in each else re.split(r"[/\\]", each)[-1] for each in references
        ]
    return replace(facts, prompt=prompt, account=account_label(facts))


def account_label(facts: Facts) -> str:
    """The account as files name it: a profile may be called by its e-mail address."""
    return "" if _E_MAIL.search(facts.account) else facts.account


def read_facts(path: Path) -> Facts | None:
    """What farm wrote into a copy, or into the JSON file beside it; None if it did not.

    Raises NoPicture for a file that is neither.
    """
    if path.suffix.lower() == ".json":
        return _facts_in_sidecar(path)
    with opened(path) as picture:
        return facts_in(xmp_of(picture))


def facts_in(packet: bytes) -> Facts | None:
    """The facts that an XMP packet carries."""
    text = xmp.properties(packet).get("farm:facts", "")
    try:
        return facts_from(json.loads(text)) if text else None
    except (ValueError, RecursionError):
        return None


def facts_from(values: Any) -> Facts | None:
    """The facts of a JSON object; None if a value is not of its kind."""
    if not isinstance(values, Mapping):
        return None
    known = {f.name: values[f.name] for f in fields(Facts) if f.name in values}
    prompt, made_at = known.pop("prompt", {}), known.pop("made_at", 0.0)
    whole = isinstance(prompt, Mapping) and type(made_at) in {int, float}
    if not whole or not all(isinstance(text, str) for text in known.values()):
        return None
    return Facts(prompt=dict(prompt), made_at=float(made_at), **known)


def facts_shape(facts: Facts) -> dict[str, Any]:
    """The facts as JSON has them; the inverse of `facts_from`."""
    values = {f.name: getattr(facts, f.name) for f in fields(facts)}
    return values | {"account": account_label(facts)}


def _facts_in_sidecar(path: Path) -> Facts | None:
    try:
        with path.open("rb") as stream:
            values = json.loads(stream.read(SIDECAR_MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise NoPicture(f"{path} cannot be read ({error}).") from error
    return facts_from(values.get("facts")) if isinstance(values, Mapping) else None


def _properties(facts: Facts) -> dict[str, str]:
    made_at = _moment(facts)
    return {
        "dc:title": _word(facts, "title"),
        "dc:description": _word(facts, "description"),
        "xmp:CreatorTool": SOFTWARE,
        "xmp:CreateDate": f"{made_at:%Y-%m-%dT%H:%M:%S}Z" if made_at else "",
        "Iptc4xmpExt:DigitalSourceType": xmp.COMPOSITE if _changed(facts) else xmp.TRAINED,
        "Iptc4xmpExt:AIPromptInformation": facts.text,
        "Iptc4xmpExt:AISystemUsed": facts.backend,
        "Iptc4xmpExt:AISystemVersionUsed": facts.model,
        "farm:promptId": _word(facts, "id"),
        "farm:account": facts.account,
        "farm:facts": _NO_XML.sub(
            lambda match: f"\\u{ord(match[0]):04x}",
            json.dumps(facts_shape(facts), ensure_ascii=False),
        ),
    }


def _short(properties: Mapping[str, str]) -> dict[str, str]:
    """Without what has no bound; descriptions are cut, as they are for people."""
    most = 10_000
    unbound = {"Iptc4xmpExt:AIPromptInformation", "farm:facts"}
    return {name: text[:most] for name, text in properties.items() if name not in unbound}


def _exif(facts: Facts, text: str) -> bytes:
    exif = PIL.Image.Exif()
    if said := _word(facts, "description"):
        exif[_DESCRIPTION] = said.replace("\0", "")[:10_000].encode(errors="replace")
    exif[_SOFTWARE] = SOFTWARE
    more = exif.get_ifd(_EXIF_IFD)
    if made_at := _moment(facts):
        more[_TIME_ORIGINAL] = f"{made_at:%Y:%m:%d %H:%M:%S}"
        more[_OFFSET_ORIGINAL] = "+00:00"
    if text:
        more[_USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be", errors="replace")
    return exif.tobytes()


def _texts(facts: Facts) -> tuple[tuple[str, str], ...]:
    """PNG's own keywords (https://www.w3.org/TR/png-3/#11keywords)."""
    made_at = _moment(facts)
    texts = {
        "Title": _word(facts, "title"),
        "Description": _word(facts, "description"),
        "Creation Time": made_at.isoformat() if made_at else "",
        "Software": SOFTWARE,
        "Source": " ".join(filter(None, (facts.backend, facts.model, facts.account))),
        "Comment": facts.text,
        "Prompt ID": _word(facts, "id"),
    }
    return tuple((keyword, _plain(text)) for keyword, text in texts.items() if text)


def _plain(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()


def _word(facts: Facts, key: str) -> str:
    return str(facts.prompt.get(key, ""))


def _changed(facts: Facts) -> bool:
    """Whether it was made of another picture, and not from words alone."""
    return _word(facts, "operation") not in {"", Operation.GENERATE}


def _moment(facts: Facts) -> datetime | None:
    """When it was made, in UTC and whole seconds: no zone of a machine gets into a file."""
    if not facts.made_at:
        return None
    return datetime.fromtimestamp(int(facts.made_at), UTC)
