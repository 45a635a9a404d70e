// Building blocks of the page. Elements are created, never parsed: the page enforces Trusted Types.

export const boot = JSON.parse(document.getElementById("boot").textContent);
export const texts = boot.texts;
export const isNew = boot.ui === "2026";

/** The scenario may rename any tag, class, id or attribute value: this is how a site drifts. */
export const drifted = (token) => boot.drift[token] ?? token;

/** h("button.send.submit", {"aria-label": "Send"}, child…); children may be text or null. */
export function h(spec, attributes = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(drifted(tag));
  element.classList.add(...classes.map(drifted));
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : drifted(String(value)));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const toggle = (element, name, on) => element.classList.toggle(drifted(name), on);

export function icon(name, extra = "") {
  const glyph = h(`mat-icon.mat-icon.google-symbols${extra}`, { fonticon: name, role: "img", "aria-hidden": "true" });
  return isNew ? h("gem-icon", {}, glyph) : glyph;
}

/** An icon button of either generation: the new one wraps a plain button in its own element. */
export function iconButton(spec, name, label, attributes = {}) {
  const { "data-test-id": testId = null, onclick = null, ...rest } = attributes;
  if (!isNew) {
    return h(`button.mdc-icon-button.mat-mdc-icon-button.${spec}`,
      { type: "button", "aria-label": label, "data-test-id": testId, onclick, ...rest }, icon(name));
  }
  return h(`gem-icon-button.${spec}`, { arialabel: label, "data-test-id": testId },
    h("button", { type: "button", "aria-label": label, onclick, ...rest }, icon(name)));
}

export const later = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

export const hidden = (text, tag = "span") => h(`${tag}.cdk-visually-hidden`, {}, text);
