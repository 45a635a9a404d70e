// The mode picker: its label says which model answers, and comes late.

import { boot, h, icon, isNew, later, texts } from "/_/static/dom.js";
import { menuItem, openMenu } from "/_/static/overlay.js";

let show = () => {};

const OLD_IDS = ["bard-mode-option-fast", "bard-mode-option-thinking", "bard-mode-option-pro"];

export function modePicker() {
  const label = h("span");
  const button = h("button.input-area-switch", {
    type: "button", "data-test-id": "bard-mode-menu-button", "aria-label": texts.mode_picker, "aria-haspopup": "menu",
    onclick: () => openMenu(texts.mode_picker, items()),
  }, h("div.logo-pill-label-container", { "data-test-id": "logo-pill-label-container" }, label), icon("keyboard_arrow_down"));
  show = (mode) => {
    label.textContent = mode;
    if (isNew && boot.language === "en") button.setAttribute("aria-label", `${texts.mode_picker}, currently ${mode}`);
  };
  later(boot.seconds.mode).then(() => show(boot.mode));
  return h("bard-mode-switcher", {}, button);
}

function items() {
  return boot.modes.map(({ name, title }, index) => isNew
    ? menuItem("gem-menu-item", title, { role: "menuitem" }, () => choose(name))
    : menuItem("button", name, { role: "menuitemradio", "aria-checked": String(name === boot.mode), "data-test-id": OLD_IDS[index] }, () => choose(name)));
}

/** The site decides: an account that is down to the small model keeps it. */
async function choose(name) {
  const answer = await fetch("/_/mode", { method: "POST", body: JSON.stringify({ mode: name }) });
  boot.mode = (await answer.json()).mode;
  show(boot.mode);
}

/** After an answer the label says which model is left, without a word about it. */
export async function refreshMode() {
  boot.mode = (await (await fetch("/_/mode")).json()).mode;
  show(boot.mode);
}
