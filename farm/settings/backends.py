"""The image APIs: which of them work beside the browser, their keys, and what they may cost."""

from __future__ import annotations

import re

from farm import values
from farm.settings.record import A_FLAG, Setting

BACKEND_NAMES = ("web", "gemini", "openai", "fal", "sdwebui", "comfyui")
GEMINI_AUTHS = ("auto", "api-key", "service-account", "adc", "express", "proxy")
FALLBACK_OCCASIONS = ("exhausted", "blocked", "refused", "deadline")
QUALITIES = ("auto", "low", "medium", "high", "xhigh", "max")
A_URL = "a URL such as http://127.0.0.1:8080"
SOME_BACKENDS = f"some of {', '.join(BACKEND_NAMES)}, commas between them"
AN_AMOUNT = "an amount of US dollars, 0 or more"
_OF_GOOGLE = re.compile(r"\b(?:google(?:[ _-]?(?:ai|genai))?|vertex(?:[ _-]?ai)?)\b")


def _providers(text: str) -> str:
    """Names of companies and products as names of backends."""
    return _OF_GOOGLE.sub("gemini", text.lower())


_ROUTES: tuple[Setting, ...] = (
    Setting(
        key="backends",
        text="What works the queue: the Gemini page (`web`), APIs, or both. `--backends` overrides "
        "it. IMAGE_GENERATION_MODEL_PROVIDER may say Google or Vertex for gemini.",
        parse=values.some_of(BACKEND_NAMES),
        allowed=SOME_BACKENDS,
        default="web",
        aliases={"IMAGE_GENERATION_MODEL_PROVIDER": _providers},
    ),
    Setting(
        key="models",
        text="The model each backend draws with; one that farm does not know as `backend:id`. A "
        "row may name its own.",
        parse=values.words,
        allowed="ids of models, commas between them",
        default="empty: each backend's usual one",
        aliases={"IMAGE_GENERATION_MODEL_ID": values.same},
    ),
    Setting(
        key="models_by_type",
        text="Models for rows of an image type, such as the best one for heroes and a cheap one "
        "for the rest. A row's own model comes before it, FARM_MODELS after it.",
        parse=values.models_by_type,
        allowed="types and models such as hero=gemini-3-pro-image, regular=flux-dev",
        default="empty",
    ),
    Setting(
        key="fallback",
        text="APIs that take jobs up when the others cannot make them; see FARM_FALLBACK_WHEN.",
        parse=values.some_of(BACKEND_NAMES),
        allowed=SOME_BACKENDS,
        default="empty",
    ),
    Setting(
        key="fallback_when",
        text="When the fallback takes a job: every session rests for a limit (`exhausted`), none "
        "can work at all (`blocked`), the prompt was refused (`refused`), or the run would end "
        "too late (`deadline`).",
        parse=values.some_of(FALLBACK_OCCASIONS),
        allowed=f"some of {', '.join(FALLBACK_OCCASIONS)}, commas between them",
        default="exhausted,blocked",
    ),
    Setting(
        key="fallback_after",
        text="For how many seconds the others must have been exhausted or blocked before.",
        parse=values.number(0),
        allowed="a number of seconds, 0 or more",
        default="300",
    ),
    Setting(
        key="api_concurrency",
        text="How many requests an API gets at the same time.",
        parse=values.count(1),
        allowed="a whole number, 1 or more",
        default="2",
    ),
    Setting(
        key="api_schedule",
        text="How many requests an API gets at the same time, by time of the day; at all other "
        "times FARM_API_CONCURRENCY holds, and 0 is none.",
        parse=values.schedule,
        allowed="spans and numbers such as 00:00-08:00=8, 08:00-22:00=2",
        default="empty",
    ),
    Setting(
        key="api_pace_seconds",
        text="The pace of an API: how long each of its sessions waits between two prompts.",
        parse=values.number(0),
        allowed="a number of seconds, 0 or more",
        default="2",
    ),
    Setting(
        key="api_quality",
        text="The quality asked of models that have several.",
        parse=values.choice(QUALITIES),
        allowed=", ".join(QUALITIES),
        default="auto",
    ),
)

_MONEY: tuple[Setting, ...] = (
    Setting(
        key="upscale_with",
        text="Rows that ask for more than the smallest size class of their model are drawn in that "
        "class and enlarged by this model, where both together cost less. `--upscale-with` "
        "overrides it.",
        parse=values.text,
        allowed="a model that enlarges, such as seedvr or clarity",
        default="empty: every row is drawn in its own size class",
    ),
    Setting(
        key="budget_day",
        text="How much all APIs together may cost in a local day; 0 is no bound.",
        parse=values.number(0),
        allowed=AN_AMOUNT,
        default="10",
    ),
    Setting(
        key="budget_run",
        text="How much all APIs together may cost in one run; 0 is no bound.",
        parse=values.number(0),
        allowed=AN_AMOUNT,
        default="0",
    ),
    Setting(
        key="confirm_above",
        text="A run that is going to cost more is started only after a yes, or with `--yes`.",
        parse=values.number(0),
        allowed=AN_AMOUNT,
        default="1",
    ),
    Setting(
        key="reuse",
        text="A row that asks for the same picture as one that was drawn before gets a copy of "
        "it; nothing is asked of anybody. `--reuse` and `--no-reuse` override it.",
        parse=values.flag,
        allowed=A_FLAG,
        default="no",
    ),
)

_GOOGLE: tuple[Setting, ...] = (
    Setting(
        key="gemini_api_key",
        text="The key for Gemini's API, for Vertex in express mode, or of a local CLIProxyAPI.",
        parse=values.text,
        allowed="a key",
        default="empty",
        aliases={"GEMINI_API_KEY": values.same, "GOOGLE_API_KEY": values.same},
        secret=True,
    ),
    Setting(
        key="gemini_auth",
        text="How Gemini's API is reached: with a key, over Vertex with a service account, the "
        "application default credentials or an express key, or through CLIProxyAPI at "
        "http://localhost:8317. `auto` takes the key, else Vertex.",
        parse=values.choice(GEMINI_AUTHS),
        allowed=", ".join(GEMINI_AUTHS),
        default="auto",
    ),
    Setting(
        key="gemini_base_url",
        text="Another address for Gemini's API, such as a gateway of your own.",
        parse=values.text,
        allowed=A_URL,
        default="empty: Google's, or http://localhost:8317 for the proxy",
        aliases={"GOOGLE_GEMINI_BASE_URL": values.same},
    ),
)

_OTHERS: tuple[Setting, ...] = (
    Setting(
        key="openai_api_key",
        text="The key for OpenAI's API.",
        parse=values.text,
        allowed="a key",
        default="empty",
        aliases={"OPENAI_API_KEY": values.same},
        secret=True,
    ),
    Setting(
        key="openai_base_url",
        text="Another address for OpenAI's API, such as a gateway of your own.",
        parse=values.text,
        allowed=A_URL,
        default="empty: OpenAI's",
        aliases={"OPENAI_BASE_URL": values.same},
    ),
    Setting(
        key="openai_organization",
        text="Which of your organizations pays for OpenAI's API.",
        parse=values.text,
        allowed="the id of an organization",
        default="empty: the key's own",
        aliases={"OPENAI_ORG_ID": values.same},
    ),
    Setting(
        key="openai_project",
        text="Which of your projects pays for OpenAI's API.",
        parse=values.text,
        allowed="the id of a project",
        default="empty: the key's own",
        aliases={"OPENAI_PROJECT_ID": values.same},
    ),
    Setting(
        key="fal_key",
        text="The key for fal.",
        parse=values.text,
        allowed="a key",
        default="empty",
        aliases={"FAL_KEY": values.same},
        secret=True,
    ),
    Setting(
        key="fal_base_url",
        text="Another address for fal's queue, such as a gateway of your own.",
        parse=values.text,
        allowed=A_URL,
        default="empty: fal's",
    ),
    Setting(
        key="sdwebui_url",
        text="Where Stable Diffusion WebUI or Forge listens, started with `--api`.",
        parse=values.text,
        allowed=A_URL,
        default="http://127.0.0.1:7860",
    ),
    Setting(
        key="sdwebui_auth",
        text="What it was given with `--api-auth`.",
        parse=values.text,
        allowed="a name and a password, a colon between them",
        default="empty",
        secret=True,
    ),
    Setting(
        key="sdwebui_steps",
        text="In how many steps the WebUI draws a picture.",
        parse=values.count(1),
        allowed="a whole number, 1 or more",
        default="30",
    ),
    Setting(
        key="sdwebui_cfg_scale",
        text="How closely the WebUI keeps to the words.",
        parse=values.number(0),
        allowed="a number, 0 or more",
        default="7.5",
    ),
    Setting(
        key="sdwebui_sampler",
        text="The sampler the WebUI draws with.",
        parse=values.text,
        allowed="a name from its list, such as DPM++ 2M",
        default="empty: the WebUI's own",
    ),
    Setting(
        key="sdwebui_upscaler",
        text="What the WebUI enlarges pictures with.",
        parse=values.text,
        allowed="a name from its list",
        default="R-ESRGAN 4x+",
    ),
    Setting(
        key="local_megapixels",
        text="How large the WebUI and ComfyUI draw at most, in megapixels: what the card holds and "
        "the checkpoint was trained on. Copies are made in the row's size.",
        parse=values.number(0.25),
        allowed="a number, 0.25 or more",
        default="1",
    ),
    Setting(
        key="comfyui_url",
        text="Where ComfyUI listens.",
        parse=values.text,
        allowed=A_URL,
        default="http://127.0.0.1:8188",
    ),
    Setting(
        key="comfyui_graph",
        text="A graph in ComfyUI's API format with farm's placeholders, in place of the shipped "
        "one; or a folder of them, named after what they do: generate.json, upscale.json, ….",
        parse=values.optional_path,
        allowed="a path; a relative one starts at FARM_HOME",
        default="empty",
    ),
)

BACKENDS: tuple[Setting, ...] = (*_ROUTES, *_MONEY, *_GOOGLE, *_OTHERS)
