"""How farm reaches Google's APIs: Sheets, Drive, Cloud Storage, Vertex."""

from __future__ import annotations

from farm import values
from farm.settings.record import A_FLAG, A_PATH, Setting

GOOGLE: tuple[Setting, ...] = (
    Setting(
        key="google_credentials",
        text="The JSON key of a service account, or what `gcloud auth application-default login` "
        "left.",
        parse=values.optional_path,
        allowed=A_PATH,
        default="empty: application default credentials",
        aliases={"GOOGLE_APPLICATION_CREDENTIALS": values.same},
    ),
    Setting(
        key="google_project",
        text="The project whose quota is used, and in which Vertex runs.",
        parse=values.text,
        allowed="the id of a project",
        default="empty: the one of the credentials",
        aliases={"GOOGLE_CLOUD_PROJECT": values.same},
    ),
    Setting(
        key="google_region",
        text="Where Vertex runs.",
        parse=values.text,
        allowed="a location such as global or us-central1",
        default="global",
        aliases={"GOOGLE_CLOUD_REGION": values.same, "GOOGLE_CLOUD_LOCATION": values.same},
    ),
    Setting(
        key="spreadsheet_id",
        text="The sheet that `sheets:` without an id means.",
        parse=values.text,
        allowed="the id in a sheet's address",
        default="empty",
        aliases={"SPREADSHEET_ID": values.same},
    ),
    Setting(
        key="google_endpoint",
        text="Another address for Sheets, Drive and Cloud Storage, such as a gateway of your own.",
        parse=values.text,
        allowed="a URL such as http://127.0.0.1:8080",
        default="empty: Google's",
    ),
    Setting(
        key="sheets_poll_seconds",
        text="How often `--watch` looks at a sheet for new rows and REGEN.",
        parse=values.number(10),
        allowed="a number of seconds, 10 or more",
        default="60",
    ),
    Setting(
        key="sheets_preview",
        text="Show delivered images in the sheet, in a column of their own.",
        parse=values.flag,
        allowed=A_FLAG,
        default="0",
    ),
)
