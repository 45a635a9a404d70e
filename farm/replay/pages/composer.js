// The prompt box and its one button: it sends, and while an answer is running it stops.

import { boot, drifted, h, icon, iconButton, isNew, texts, toggle } from "/_/static/dom.js";
import { closeMenu, menuItem, openMenu } from "/_/static/overlay.js";
import { modePicker } from "/_/static/modes.js";
import { Attachments } from "/_/static/attachments.js";

const emptyLine = () => h("p", {}, h("br"));
const lineOf = (node) => (node.innerText ?? node.textContent).replace(/\n$/, "");

export class Composer {
  #text = ""; // what the editor has registered; only input events change it
  #press;
  #enter;
  #running = false;

  constructor({ press, enter, imageMode }) {
    this.#press = press;
    this.#enter = enter;
    this.imageMode = imageMode && Boolean(boot.account);
    this.element = h("input-container");
    this.editor = this.#makeEditor();
    this.sendContainer = h("div.send-button-container", { "data-test-id": isNew ? "send-button-container" : null });
    this.micContainer = h("div.mic-button-container", {}, iconButton("speech_dictation_mic_button", "mic", "Microphone"));
    this.chips = h("div.deselect-chips");
    this.attachments = new Attachments(() => this.#showButton());
    this.#assemble();
    this.#showMode();
    this.#showButton();
  }

  get text() { return this.#text; }

  get files() { return this.attachments.ids; }

  clear() {
    this.attachments.clear();
    this.editor.replaceChildren(emptyLine());
    this.#register();
  }

  /** Whether an answer is running: the button then stops it. */
  set running(on) {
    this.#running = on;
    this.#showButton();
  }

  #makeEditor() {
    const editor = h("div.ql-editor.textarea.new-input-ui", {
      contenteditable: "true", role: "textbox", "aria-multiline": "true", "aria-label": texts.prompt,
    }, emptyLine());
    editor.addEventListener("input", () => this.#register());
    editor.addEventListener("paste", (event) => {
      event.preventDefault();
      document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
    });
    editor.addEventListener("keydown", (event) => this.#key(event));
    return editor;
  }

  #key(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (event.shiftKey) document.execCommand("insertParagraph");
    else if (this.#text.trim() && !this.attachments.busy) this.#enter();
  }

  #register() {
    if (!this.editor.firstElementChild && !this.editor.textContent) this.editor.replaceChildren(emptyLine());
    this.#text = [...this.editor.childNodes].map(lineOf).join("\n");
    this.#showButton();
  }

  #assemble() {
    const box = h("rich-textarea.text-input-field_textarea.ql-container", { enterkeyhint: "send" },
      this.editor, h("div.ql-clipboard", { contenteditable: "true", tabindex: "-1" }));
    const leading = isNew ? [this.#newMenuButton(), this.chips] : [this.#uploadButton(), this.#toolbox(), this.chips];
    this.element.append(
      h("fieldset.input-area-container", {},
        h("input-area-v2", { "data-node-type": "input-area" },
          this.attachments.element,
          h("div.text-input-field", {},
            h("div.text-input-field_textarea-wrapper", {}, box),
            h("div.leading-actions-wrapper", {}, ...leading),
            h("div.trailing-actions-wrapper", {}, modePicker(), this.micContainer, this.sendContainer)))),
      h("hallucination-disclaimer", {}, texts.disclaimer));
  }

  #uploadButton() {
    const item = menuItem("button.mat-mdc-list-item", texts.upload_files,
      { role: "menuitem", "data-test-id": "uploader-images-files-button-advanced" }, () => this.attachments.choose());
    return iconButton("upload-card-button", "add_2", texts.upload, {
      "aria-controls": "upload-file-menu", onclick: () => openMenu(texts.upload, [h("images-files-uploader", {}, item)]),
    });
  }

  #toolbox() {
    this.toolButton = h("button.toolbox-drawer-button", {
      type: "button", "aria-label": texts.tools, onclick: () => openMenu(texts.tools, [h("toolbox-drawer-item", {}, this.#imageItem("button.toolbox-drawer-item-button"))]),
    }, icon("page_info"), h("span.toolbox-drawer-button-label", {}, texts.tools));
    return h("toolbox-drawer", {}, this.toolButton);
  }

  #newMenuButton() {
    const name = `${texts.upload_files}. Documents, data, code files`;
    const open = () => {
      this.attachments.offer(); // here the input comes with the menu, not with the click
      openMenu("Menu options", [
        h("images-files-uploader", { "data-test-id": "uploader-images-files-button-advanced" },
          menuItem("button", name, { role: "menuitem", "aria-label": name, "data-test-id": "local-images-files-uploader-button" },
            () => this.attachments.choose())),
        this.#imageItem("button"),
      ]);
    };
    return iconButton("upload-tools-button", "add_2", texts.upload_tools, { onclick: open });
  }

  #imageItem(spec) {
    const signedOut = !boot.account;
    return menuItem(spec, texts.create_image,
      { role: "menuitemcheckbox", "aria-checked": String(this.imageMode), disabled: signedOut, "aria-disabled": signedOut ? "true" : null },
      () => this.#setMode(!this.imageMode));
  }

  #setMode(on) {
    this.imageMode = on;
    this.#showMode();
    this.editor.focus();
  }

  /** The image tool stays chosen for later prompts of the chat, as on the real page. */
  #showMode() {
    this.editor.setAttribute("data-placeholder", this.imageMode ? texts.describe : texts.ask);
    if (this.toolButton) toggle(this.toolButton, "has-selected-item", this.imageMode);
    if (!this.imageMode) return this.chips.replaceChildren();
    const deselect = h("button.deselect-button", {
      type: "button", "aria-label": texts.deselect, onclick: () => this.#setMode(false),
      "data-test-id": isNew ? "deselect-drawer-item-gem-button" : "deselect-drawer-item-button",
    }, icon("image"), h("span", {}, texts.create_image), icon("close"));
    const ratio = isNew ? h("button.aspect-ratio-button", { type: "button", "aria-label": texts.aspect_ratio }, icon("aspect_ratio")) : null;
    this.chips.replaceChildren(...[deselect, ratio].filter(Boolean));
  }

  #showButton() {
    const empty = !this.#text.trim();
    const off = empty || this.attachments.busy;
    toggle(this.editor, "ql-blank", !this.editor.textContent);
    toggle(this.sendContainer, "visible", this.#running || !empty);
    toggle(this.sendContainer, "disabled", !this.#running && off);
    toggle(this.micContainer, "hidden", this.#running);
    if (isNew && empty && !this.#running) return this.sendContainer.replaceChildren();
    if (!this.button) this.button = isNew ? this.#newButton() : this.#oldButton();
    if (!this.button.isConnected) this.sendContainer.replaceChildren(this.button);
    this.#labelButton(off);
  }

  #oldButton() {
    this.sendIcon = icon("send", ".send-button-icon");
    return h("button.mdc-icon-button.mat-mdc-icon-button.send-button", { type: "button", onclick: () => this.#click() }, this.sendIcon);
  }

  #newButton() {
    this.inner = h("button", { type: "button", onclick: () => this.#click() });
    return h("gem-icon-button.send-button", {}, this.inner);
  }

  #click() {
    closeMenu();
    if (this.#running || (this.#text.trim() && !this.attachments.busy)) this.#press();
  }

  #labelButton(idle) {
    const label = this.#running ? texts.stop : texts.send;
    toggle(this.button, "submit", !this.#running);
    toggle(this.button, "stop", this.#running);
    if (isNew) {
      this.button.setAttribute("arialabel", drifted(label));
      this.inner.setAttribute("aria-label", drifted(label));
      this.inner.setAttribute("aria-disabled", String(idle && !this.#running));
      this.inner.replaceChildren(icon(this.#running ? "stop" : "arrow_upward"));
      return;
    }
    const off = idle && !this.#running;
    this.button.setAttribute("aria-label", drifted(label));
    this.button.setAttribute("aria-disabled", String(off));
    this.button.setAttribute("tabindex", off ? "-1" : "0");
    toggle(this.sendIcon, "hidden", this.#running);
    this.button.querySelector(".stop-icon")?.remove();
    if (this.#running) this.button.append(h("div.stop-icon", {}, icon("stop")));
  }
}
