"""The settings as those who use them see them, and how one of them is spoken of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from farm import values
from farm.model.hours import ALWAYS, Hours
from farm.model.prompts import ImageType
from farm.model.schedule import ALWAYS_THE_SAME, Schedule

PREFIX = "FARM_"
A_FLAG = "1, true, yes, on or 0, false, no, off"
A_PATH = "a path; a relative one starts at FARM_HOME"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything a user can set, read once at the start and handed down."""

    home: Path  # where profiles/, downloads/, logs/ and farm.db live
    database_url: str = field(repr=False)  # may carry a password
    profiles_dir: Path  # each folder in it is a profile
    profile_paths: Mapping[str, Path]  # profiles that live elsewhere, by name
    # Running browsers to attach to, by `endpoint_key` of the profile; see `profile_settings`.
    cdp_endpoints: Mapping[str, str] = field(default_factory=dict, repr=False)
    downloads_dir: Path  # where finished images go, by day
    prompt_delay_seconds: float = 90.0  # the pace: wait between two prompts of a session
    pace_jitter: float = 0.2  # how far a wait may stray from the pace, as a fraction of it
    generation_timeout_seconds: float = 300.0  # without an image after so long: timeout
    retry_wait_seconds: float = 30.0  # before a failed prompt is tried again; doubled each time
    max_wait_seconds: float = 900.0  # a run that does not watch waits so long for a resting session
    person_wait_seconds: float = 60.0  # a run whose sessions are all red waits so long
    recheck_seconds: float = 20.0  # until a session that needs a person is looked at again
    recycle_prompts: int = 100  # a browser that took so many prompts is opened anew
    recycle_mb: float = 3000.0  # and one that takes so much memory with all its processes
    on_refusal: str = "fail"  # what to do about refusals; see farm.model.refusals
    private_references: bool = False  # reference images may come from private addresses
    working_hours: Hours = ALWAYS  # when sessions may work
    daily_cap: int = 0  # images of an account a day; 0: no cap
    daily_reserve: int = 0  # of the cap, kept back for the person's own use
    headless: bool = True  # browsers without windows
    browser: str = ""  # path or channel; "" takes the best one installed
    proxy_server: str = field(default="", repr=False)  # may carry a password
    ignore_https_errors: bool = False  # only for a proxy that terminates TLS
    selectors: Path | None = None  # a selector pack in place of the shipped one
    ui_language: str = "en"  # asked of the page with ?hl=
    stealth: str = "minimal"  # how much playwright-stealth hides
    log_level: str = "info"  # of the file in log_dir
    log_dir: Path  # one file per run
    log_format: str = "plain"  # of the console; the file is always JSON lines
    name_template: str = "{date}/{filename}"  # where an image goes below downloads_dir
    resize: str = "off"  # off, cover, contain: a copy in exactly the row's size
    focus: str = "center"  # what a copy that is cut must keep
    convert: str = ""  # formats of further copies: "webp:85 avif"
    max_kb: int = 0  # of a copy; 0: no bound
    metadata: bool = True  # copies carry the prompt
    sidecar: bool = False  # a JSON file and a checksum for each image
    deliver: tuple[str, ...] = field(default=(), repr=False)  # targets; may carry passwords
    site: str = ""  # a folder of deliveries; "" is the queue's name
    s3_endpoint: str = ""  # of an S3-compatible storage
    google_credentials: Path | None = None  # None: application default credentials
    google_project: str = ""
    google_region: str = "global"
    spreadsheet_id: str = ""  # what `sheets:` means
    google_endpoint: str = ""  # in place of Google's, for Sheets and Drive
    sheets_poll_seconds: float = 60.0  # between two looks at a watched sheet
    sheets_preview: bool = False  # thumbnails in the sheet
    backends: tuple[str, ...] = ("web",)  # what works the queue
    models: tuple[str, ...] = ()  # what each backend draws with
    models_by_type: tuple[tuple[ImageType, str], ...] = ()  # for rows of a type, before `models`
    fallback: tuple[str, ...] = ()  # what takes jobs up when the others cannot
    fallback_when: tuple[str, ...] = ("exhausted", "blocked")
    fallback_after: float = 300.0  # seconds that the others must have been so
    api_concurrency: int = 2  # requests of an API at the same time
    api_schedule: Schedule = ALWAYS_THE_SAME  # by time of the day, before `api_concurrency`
    api_pace_seconds: float = 2.0
    api_quality: str = "auto"
    budget_day: float = 10.0  # US dollars, over all APIs; 0: no bound
    budget_run: float = 0.0
    confirm_above: float = 1.0
    upscale_with: str = ""  # what is cheaper small is drawn small, and enlarged by this model
    reuse: bool = False  # an equal row's picture is taken instead of drawn again
    gemini_api_key: str = field(default="", repr=False)
    gemini_auth: str = "auto"
    gemini_base_url: str = ""
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    openai_organization: str = ""
    openai_project: str = ""
    fal_key: str = field(default="", repr=False)
    fal_base_url: str = ""
    sdwebui_url: str = "http://127.0.0.1:7860"
    sdwebui_auth: str = field(default="", repr=False)  # name:password
    sdwebui_steps: int = 30
    sdwebui_cfg_scale: float = 7.5
    sdwebui_sampler: str = ""  # "" is the WebUI's own
    sdwebui_upscaler: str = "R-ESRGAN 4x+"
    local_megapixels: float = 1.0  # how large the WebUI and ComfyUI draw at most
    comfyui_url: str = "http://127.0.0.1:8188"
    comfyui_graph: Path | None = None
    notify: tuple[str, ...] = field(default=(), repr=False)  # addresses are passwords
    notify_secret: str = field(default="", repr=False)  # signs messages to a webhook
    sources: Mapping[str, str] = field(default_factory=dict)  # what is set, and by whom
    warnings: tuple[str, ...] = ()  # about names nobody reads, for the command line to show

    def profile_path(self, name: str) -> Path:
        """The folder of a profile, whether it exists or not."""
        return self.profile_paths.get(name, self.profiles_dir / name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of the table."""

    key: str  # the field of Settings; FARM_<KEY> in the environment, <key> in farm.toml
    text: str  # what it does, for docs/settings.md
    parse: values.Parse
    allowed: str  # for messages: what a good value looks like
    default: str  # as the documents show it
    aliases: Mapping[str, Callable[[str], str]] = field(default_factory=dict)  # seeds' name: unit
    secret: bool = False  # a bad value is never repeated

    @property
    def name(self) -> str:
        """The name in the environment and in `.env`."""
        return PREFIX + self.key.upper()
