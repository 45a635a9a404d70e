// One turn of a chat: the query, and the answer as it comes.

import { h, hidden, iconButton, texts, toggle } from "/_/static/dom.js";
import { GeneratedImage } from "/_/static/images.js";

let queries = 0;

export class TurnElement {
  #images = [];
  #response = null;

  constructor(view, newest) {
    this.turn = { id: view.id, conversation: view.conversation };
    this.newest = newest;
    this.element = h("div.conversation-container.message-actions-hover-boundary", { id: view.id }, this.#query(view));
  }

  /** Follow the server's view of the turn. */
  show(view) {
    const running = view.stage !== "settled";
    this.editButton.disabled = running;
    if (view.stage === "sent") return;
    if (!this.#response) this.#answer(view);
    this.#state(view, running);
    view.images.forEach((image, index) => this.#image(index).show(image));
    if (running) return;
    for (const unmade of this.#images.splice(view.images.length)) unmade.element.remove();
    this.#text(view.text);
    if (!this.actionsShown) this.#actions(view);
  }

  #query(view) {
    this.editButton = iconButton("action-button", "edit", texts.edit_prompt, { "data-test-id": "prompt-edit-button" });
    const lines = view.query.split("\n").map((line) => h("p.query-text-line", {}, line));
    return h("user-query", {},
      h("span.user-query-container", {},
        h("user-query-content", {},
          h("div.file-preview-container", {}, ...sentAlong(view)),
          h("div.query-content", { id: `user-query-content-${queries++}` },
            iconButton("action-button", "content_copy", texts.copy_prompt, { "data-test-id": "prompt-copy-button" }),
            this.editButton,
            h("div.query-text", { role: "heading", "aria-level": "2" }, hidden(texts.you_said), ...lines)))));
  }

  #answer(view) {
    const id = this.turn.id;
    this.avatar = h("div.bard-avatar.thinking", {}, h("div", { "lottie-animation": true, "data-test-lottie-animation-status": "playing" }));
    this.spinner = h("div.avatar_spinner_animation", { style: "opacity: 1; visibility: visible" });
    this.processing = h("processing-state", {}, h("span", {}, texts.creating), h("mat-progress-spinner", { role: "progressbar" }));
    this.markdown = h("div.markdown.markdown-main-panel.animate", {
      id: `model-response-message-contentr_${id}`, "aria-live": "polite", "aria-busy": "true",
    });
    this.attachments = h("div.attachments", {}, ...(view.decoys ? [webImage()] : []));
    this.stopped = h("div.stopped-draft-message", { role: "status", hidden: true }, texts.stopped);
    this.footer = h("div.response-footer.animated.gap", {}, h("sources-list"), this.stopped);
    this.below = h("div.response-container-footer");
    this.#response = h("model-response", {}, h("div", {}, h("response-container", {}, h("div.response-container", {},
      h("div.response-container-header", {}, h("div.response-container-header-processing-state"), h("tts-control", { "data-test-draft-id": `rc_${id}` })),
      h("div.presented-response-container", {},
        h("bard-avatar", {}, this.avatar, this.spinner),
        h("div.response-container-content", {}, h("div.response-content", {},
          this.processing,
          hidden(texts.gemini_said, "h2"),
          h("structured-content-container.model-response-text", {}, h("div.container", {},
            h("message-content", { id: `message-content-id-r_${id}` }, this.markdown, this.attachments))),
          this.footer))),
      this.below))));
    this.element.append(this.#response);
  }

  #state(view, running) {
    toggle(this.avatar, "thinking", running);
    this.avatar.firstElementChild.setAttribute("data-test-lottie-animation-status", running ? "playing" : "completed");
    this.spinner.setAttribute("style", running ? "opacity: 1; visibility: visible" : "opacity: 0; visibility: hidden");
    this.processing.hidden = !running || view.images.some((image) => image.state === "shown");
    this.markdown.setAttribute("aria-busy", String(running));
    toggle(this.markdown, "animate", running);
    toggle(this.footer, "animated", running);
    toggle(this.footer, "complete", !running);
    this.stopped.hidden = !view.stopped;
  }

  #image(index) {
    if (!this.#images[index]) {
      this.#images[index] = new GeneratedImage(this.turn, index);
      this.attachments.append(this.#images[index].element);
    }
    return this.#images[index];
  }

  #text(text) {
    if (text && !this.markdown.firstChild) this.markdown.append(h("p", {}, text));
  }

  #actions(view) {
    this.actionsShown = true;
    const button = (name, label, testId = null) => iconButton("action-button", name, label, { "data-test-id": testId });
    const pictures = view.images.length > 0;
    this.below.append(h("message-actions", {}, h("div.actions-container-v2", {}, h("div.buttons-container-v2", {},
      h("thumb-up-button", {}, button("thumb_up", texts.good)),
      h("thumb-down-button", {}, button("thumb_down", texts.bad)),
      this.newest ? h("regenerate-button", {}, button("refresh", texts.redo)) : null,
      pictures ? h("share-button", {}, button("share", texts.share_image)) : h("copy-button", {}, button("content_copy", texts.copy, "copy-button")),
      button("more_vert", texts.more, "more-menu-button")))));
  }

  /** An older turn has no redo any more. */
  outdated() {
    this.newest = false;
    this.element.querySelector("regenerate-button")?.remove();
  }
}

const SQUARE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/** Pictures the user sent along: they stand in the query, and are no results. */
const sentAlong = ({ decoys, uploads = [] }) => {
  const all = decoys ? [...uploads, "https://lh3.googleusercontent.com/ogw/upload=s512"] : uploads;
  return all.length ? [h("user-query-file-carousel", {}, ...all.map(uploadPreview))] : [];
};
const uploadPreview = (src) => h("user-query-file-preview", { "data-test-id": "uploaded-file" },
  h("img.preview-image", { "data-test-id": "uploaded-img", alt: "", src }));

/** A picture from the web: carries the same words in its alt, and is no result. */
const webImage = () => h("div.attachment-container", {}, h("response-element", {},
  h("single-image", {}, h("div.image-container", {},
    h("img.licensed-image.loaded", { alt: `spectrometer diagram${texts.alt}`, src: "https://lh3.googleusercontent.com/ogw/web=s512" }),
    h("span.caption", {}, texts.source, " example.org")),
  h("img.new-file-icon", { alt: "", src: SQUARE }))));
