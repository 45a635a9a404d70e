// Generated images: their frames, how their previews come, and the download of the full size.

import { boot, h, icon, iconButton, isNew, later, texts, toggle } from "/_/static/dom.js";
import { menuItem, openMenu, toast } from "/_/static/overlay.js";

const BUTTON_AFTER_IMAGE_SECONDS = 0.15;

/** One attachment block of an answer; `show` follows the server's view of it. */
export class GeneratedImage {
  #state = "";

  constructor(turn, index) {
    this.turn = turn;
    this.index = index;
    this.overlay = h("div.overlay-container");
    this.single = h("single-image.generated-image.large", { "data-image-attachment-index": index, "data-is-interactive": true },
      h("div.image-container.replace-fife-images-at-export", {}, this.overlay));
    this.loader = h("div.loader");
    this.element = h("div.attachment-container.generated-images", {},
      h("response-element", {},
        h(`generated-image${isNew ? ".luminous-layout" : ""}`, { style: "aspect-ratio: auto" }, this.loader, this.single)));
  }

  show(view) {
    if (view.state === this.#state) return;
    this.#state = view.state;
    if (view.state === "loading") this.#placeholder("loading", h("mat-progress-spinner"), h("span", {}, texts.loading_model));
    else if (view.state === "error") this.#placeholder("error", h("div.message-container", {}, texts.failed_image));
    else this.#picture(view);
  }

  #placeholder(kind, ...children) {
    this.overlay.replaceChildren(h(`div.placeholder.${kind}`, {}, ...children));
  }

  async #picture(view) {
    const image = h("img.image.animate", { loading: "lazy", alt: texts.alt });
    image.addEventListener("load", () => this.#loaded(image, view), { once: true });
    const src = boot.blob ? await blobUrl(view.url) : view.url;
    this.overlay.replaceChildren(h("button.image-button", { type: "button", onclick: () => enlarge(image, this.turn, this.index) }, image));
    image.src = src;
  }

  async #loaded(image, view) {
    toggle(image, "loaded", true);
    if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    await later(BUTTON_AFTER_IMAGE_SECONDS);
    this.overlay.append(h("div.generated-image-controls.hide-from-message-actions", {},
      h("share-button", {}, iconButton("generated-image-button", "share", texts.share_image, { "data-test-id": "share-button" })),
      h("copy-button", {}, iconButton("generated-image-button", "content_copy", texts.copy_image)),
      view.download === "none" ? null : downloadButton(this.turn, this.index, view)));
  }
}

/** The button, or in some accounts a choice of resolutions behind it. */
function downloadButton(turn, index, view) {
  const full = () => downloadFull(turn, index);
  const choices = () => openMenu(texts.download, [
    downloadItem("Original", "Full size", full),
    downloadItem("Small", "1024 px", () => save(view.url, "Gemini_Generated_Image_small.jpg")),
  ]);
  const menu = view.download === "menu";
  return h("download-generated-image-button", {},
    iconButton(`generated-image-button.on-hover-button${menu ? ".mat-mdc-menu-trigger" : ""}`, "download", texts.download, {
      "data-test-id": "download-generated-image-button", "aria-haspopup": menu ? "menu" : null, onclick: menu ? choices : full,
    }));
}

function downloadItem(title, subtitle, act) {
  const item = menuItem("button.download-menu-item", "", { role: "menuitem" }, act);
  item.replaceChildren(icon("image", ".resolution-icon"), h("span.title", {}, title), h("span.subtitle", {}, subtitle));
  return item;
}

async function downloadFull(turn, index) {
  toast(texts.downloading, 3);
  const { url, name } = await (await fetch(`/_/chats/${turn.conversation}/full/${turn.id}/${index}`, { method: "POST" })).json();
  await save(url, name);
}

async function save(url, name) {
  const href = URL.createObjectURL(await follow(url.includes("alr=yes") ? url : `${url}?alr=yes`));
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

const blobUrl = async (url) => URL.createObjectURL(await follow(`${url}?alr=yes`));

/** With alr=yes every step answers with the next address as text, until the bytes come. */
async function follow(url) {
  for (;;) {
    const answer = await fetch(url, { credentials: "include" });
    if (!answer.ok) throw new Error(`${answer.status} for an image`);
    if (!answer.headers.get("content-type").startsWith("text/plain")) return answer.blob();
    url = await answer.text();
  }
}

/** The lightbox: its download button does not stand inside the answer. */
function enlarge(image, turn, index) {
  const dialog = h("mat-dialog-container", { role: "dialog", onclick: (event) => event.target === dialog && dialog.remove() },
    h("expansion-dialog", {},
      h("img.expanded-image", { src: image.src, alt: texts.alt }),
      h("div.generated-image-expansion-dialog-action-buttons", {},
        downloadButton(turn, index, { download: "button" }),
        iconButton("close-button", "close", "Close", { onclick: () => dialog.remove() }))));
  document.querySelector(".cdk-overlay-container").append(dialog);
}
