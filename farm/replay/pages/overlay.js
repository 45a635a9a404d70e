// Menus, toasts and dialogs: what lies above the page.

import { h, isNew, texts } from "/_/static/dom.js";

const layer = h("div.cdk-overlay-container");
document.body.append(layer);

const swallow = (event) => {
  if (event.key === "Escape") closeMenu();
  else event.preventDefault();
  event.stopPropagation();
};
let menu = null;

/** Show a menu; while it is open it takes every keystroke. Items are elements. */
export function openMenu(label, items) {
  closeMenu();
  menu = h("div.cdk-overlay-connected-position-bounding-box", {},
    h("div.cdk-overlay-backdrop", { onclick: closeMenu }),
    h("div.cdk-overlay-pane", {},
      h("div.mat-mdc-menu-panel", { role: "menu", "aria-label": label }, ...items)));
  layer.append(menu);
  document.addEventListener("keydown", swallow, true);
  document.addEventListener("beforeinput", swallow, true);
}

export function closeMenu() {
  menu?.remove();
  menu = null;
  document.removeEventListener("keydown", swallow, true);
  document.removeEventListener("beforeinput", swallow, true);
}

export function menuItem(spec, label, attributes, act) {
  return h(spec, { type: "button", ...attributes, onclick: () => { closeMenu(); act?.(); } },
    h("span.label", {}, label));
}

/** A note at the foot of the page that goes by itself. */
export function toast(text, seconds = 6) {
  const label = h("span.label.mat-mdc-snack-bar-label", { "data-test-id": "label" }, text);
  const bar = isNew
    ? h("extended-snackbar", {}, label, h("button", { "data-test-id": "close-button", "aria-label": "Close", onclick: () => note.remove() }, "×"))
    : h("bard-simple-snack-bar", {}, label);
  const note = h("mat-snack-bar-container.mat-mdc-snack-bar-container", { role: "status" }, bar);
  layer.append(note);
  setTimeout(() => note.remove(), seconds * 1000);
}

/** The quota banner above the composer. */
export function banner(text) {
  const place = document.querySelector("chat-app-banners");
  place?.replaceChildren(h("gemini-quota-banner", { "data-test-id": "gemini-quota-banner-lm", role: "status" }, text));
}

/** A one-time notice. */
export function notice() {
  const dialog = h("div.one-time-notice", { role: "dialog", "aria-label": texts.notice },
    h("p", {}, texts.notice),
    h("button", { type: "button", onclick: () => dialog.remove() }, texts.got_it));
  layer.append(dialog);
}

/** Asked once for an account, before its first file; a person's to answer. */
export function consent() {
  return new Promise((agreed) => {
    const dialog = h("mat-dialog-container", { role: "dialog" },
      h("h2", {}, texts.upload_consent),
      h("p", {}, texts.upload_terms),
      h("button", { type: "button", onclick: () => dialog.remove() }, texts.cancel),
      h("button", { type: "button", onclick: () => { dialog.remove(); agreed(); } }, texts.agree));
    layer.append(dialog);
  });
}
