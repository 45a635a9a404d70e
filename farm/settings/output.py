"""What becomes of an image once it is made."""

from __future__ import annotations

from farm import values
from farm.settings.record import A_FLAG, Setting

RESIZES = ("off", "cover", "contain")

OUTPUT: tuple[Setting, ...] = (
    Setting(
        key="name_template",
        text="Where an image goes below the downloads folder: folders and a name without its "
        "extension, with `{date}`, `{queue}`, `{id}`, `{filename}`, `{title}`, `{session}` or any "
        "column of the row in braces.",
        parse=values.name_template,
        allowed="a template such as {date}/{id}-{filename}: each { needs its } with a column "
        "between, and it stays below the downloads folder",
        default="`{date}/{filename}`",
    ),
    Setting(
        key="resize",
        text="Whether a copy of each image is made in exactly the row's size: not at all, cut to "
        "cover it, or shrunk to fit into it.",
        parse=values.choice(RESIZES),
        allowed=", ".join(RESIZES),
        default="off",
    ),
    Setting(
        key="focus",
        text="What a copy that is cut must keep. A row may have a focus of its own.",
        parse=values.focus,
        allowed="center, top, bottom, left, right, top left, …, or two percentages such as 50% 30%",
        default="center",
    ),
    Setting(
        key="convert",
        text="Formats that a copy of each image is made in, each with a quality of its own if you "
        "like: `webp:85 avif`.",
        parse=values.formats,
        allowed="webp, avif, jpeg, png, spaces between them; all but png with a quality from 1 to "
        "100 if you like, as in webp:85",
        default="empty: no copies",
    ),
    Setting(
        key="max_kb",
        text="How large a copy may be, in KiB: its quality is lowered until it fits; 0 is no "
        "bound.",
        parse=values.count(0),
        allowed="a whole number, 0 or more",
        default="0",
    ),
    Setting(
        key="metadata",
        text="Whether copies carry the prompt and how they were made.",
        parse=values.flag,
        allowed=A_FLAG,
        default="yes",
    ),
    Setting(
        key="sidecar",
        text="Whether each image gets a JSON file and a checksum, in `derived` beside it.",
        parse=values.flag,
        allowed=A_FLAG,
        default="no",
    ),
    Setting(
        key="deliver",
        text="Where images are delivered to: `drive:FOLDER_ID`, `gs://bucket/folder`, "
        "`s3://bucket/folder`, a folder, any URL that fsspec knows, or `webhook+https://host/path`."
        " `--deliver` overrides it.",
        parse=values.targets,
        allowed="targets with spaces or commas between them; one with a space in it in quotes",
        default="empty: images stay in the downloads folder",
        secret=True,
    ),
    Setting(
        key="site",
        text="The folder of a delivery between `Generated Images` and the day's; a row may name "
        "its own in a column Site.",
        parse=values.text,
        allowed="a name",
        default="empty: the queue's name",
    ),
    Setting(
        key="s3_endpoint",
        text="The address of an S3-compatible storage that is not Amazon's.",
        parse=values.text,
        allowed="a URL such as https://minio.example.org",
        default="empty: Amazon S3",
        aliases={"AWS_ENDPOINT_URL_S3": values.same, "AWS_ENDPOINT_URL": values.same},
    ),
)
