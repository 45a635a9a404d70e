// Files beside the prompt: chosen through the menu, uploaded at once, shown as tiles until they are sent.

import { boot, drifted, h, icon, isNew, texts, toggle } from "/_/static/dom.js";
import { consent, toast } from "/_/static/overlay.js";

export class Attachments {
  #tiles = [];
  #changed;

  /** `changed` is called whenever files come, go, or are done. */
  constructor(changed) {
    this.#changed = changed;
    this.uploader = h("images-files-uploader");
    this.tiles = h("div.attachment-preview-wrapper");
    this.element = h("div.attachments-area", {}, this.uploader, this.tiles);
  }

  get ids() { return this.#tiles.map((tile) => tile.id).filter(Boolean); }

  /** While a file is on its way nothing can be sent. */
  get busy() { return this.#tiles.some((tile) => tile.state === "loading"); }

  /** Put the input that the system's file dialog belongs to into the page. */
  offer() {
    this.input = h("input", { type: "file", name: "Filedata", multiple: true, hidden: true, onchange: () => this.#take(this.input) });
    this.uploader.replaceChildren(this.input);
  }

  /** Open the file dialog; the first time on an account the person is asked before. */
  async choose() {
    if (boot.agree) {
      await consent();
      await fetch(boot.agree, { method: "POST" });
      boot.agree = "";
    }
    if (!this.uploader.firstChild) this.offer();
    this.input.click();
  }

  clear() {
    this.#tiles = [];
    this.#show();
  }

  #take(input) {
    const files = [...input.files];
    this.uploader.replaceChildren();
    for (const file of files) this.#upload(new Tile(file, (tile) => this.#remove(tile)));
  }

  async #upload(tile) {
    this.#tiles.push(tile);
    this.#show();
    const headers = { "Content-Type": tile.file.type || "application/octet-stream" };
    const answer = await fetch(boot.upload, { method: "POST", headers, body: tile.file });
    if (answer.status === 415) {
      toast(texts.upload_refused.replace("{name}", tile.file.name));
      return this.#remove(tile);
    }
    if (answer.ok) tile.done((await answer.json()).id);
    else tile.broken();
    this.#changed();
  }

  #remove(tile) {
    this.#tiles = this.#tiles.filter((other) => other !== tile);
    this.#show();
  }

  #show() {
    this.tiles.replaceChildren(...this.#tiles.map((tile) => tile.element));
    this.#changed();
  }
}

class Tile {
  id = "";
  state = "loading";

  constructor(file, remove) {
    this.file = file;
    const act = () => remove(this);
    this.element = h("uploader-file-preview", {}, isNew ? this.#newTile(act) : this.#oldTile(act));
  }

  done(id) {
    this.id = id;
    this.state = "ready";
    if (isNew) this.#content(h("img.gem-attachment-style-img", { alt: "attachment", src: URL.createObjectURL(this.file) }));
    else this.spinner.remove();
    this.#marks();
  }

  broken() {
    this.state = "error";
    if (isNew) this.#content(h("span.gem-attachment-text", {}, texts.upload_failed));
    else this.spinner.remove();
    this.#marks();
  }

  #newTile(act) {
    this.body = h("div.gem-attachment-content.loading", {},
      h("div.gem-attachment-loading-container", {}, h("mat-spinner.gem-attachment-loading-spinner", { role: "progressbar" })));
    const close = h("gem-icon-button.gem-attachment-close-button", {},
      h("button", { type: "button", "aria-label": texts.close_attachment, onclick: act }, icon("close")));
    this.frame = h("gem-media-attachment.gem-attachment", { "aria-busy": "true" }, this.body, close);
    return this.frame;
  }

  #oldTile(act) {
    this.spinner = h("mat-progress-spinner", { role: "progressbar" });
    this.body = h("div.image-preview.loading", {},
      h("img", { alt: this.file.name, src: URL.createObjectURL(this.file) }), this.spinner,
      h("button.cancel-button", { type: "button", "data-test-id": "cancel-button", "aria-label": `${texts.remove_file} ${this.file.name}`, onclick: act },
        icon("close")));
    return h("div.file-preview-container", {}, this.body);
  }

  #content(element) { this.body.replaceChildren(element); }

  #marks() {
    toggle(this.body, "loading", false);
    toggle(this.body, "error", this.state === "error");
    this.frame?.setAttribute("aria-busy", drifted("false"));
  }
}
