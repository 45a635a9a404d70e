/*
 * Calls window[bindingName]() soon after the page changed; it says only that something changed.
 *
 * Installs once per document, also as an init script before there is an <html>. The observer hangs
 * on the document itself, so it outlives a replaced body and navigation inside the app.
 */
(bindingName) => {
  const QUIET_MS = 40;
  const LONGEST_MS = 250;
  const INSTALLED = Symbol.for(bindingName);
  if (document[INSTALLED]) return false;
  Object.defineProperty(document, INSTALLED, { value: true });

  let quiet = 0;
  let longest = 0;
  const signal = () => {
    clearTimeout(quiet);
    clearTimeout(longest);
    quiet = longest = 0;
    const notify = window[bindingName];
    // The binding answers with a promise that fails when its owner is gone: nobody is left to tell.
    // A binding of the browser itself takes exactly one string.
    if (typeof notify === "function") Promise.resolve(notify("")).catch(() => {});
  };
  const changed = () => {
    clearTimeout(quiet);
    quiet = setTimeout(signal, QUIET_MS);
    longest ||= setTimeout(signal, LONGEST_MS);
  };

  // A spinner redraws itself sixty times a second: the styles of drawings are no news.
  const isNews = (record) =>
    record.attributeName !== "style" || record.target instanceof HTMLElement;
  new MutationObserver((records) => records.some(isNews) && changed()).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: [
      "aria-busy", "aria-checked", "aria-disabled", "aria-label", "class", "contenteditable",
      "data-placeholder", "disabled", "fonticon", "hidden", "src", "style",
    ],
  });
  for (const type of ["load", "error"]) {
    document.addEventListener(type, (event) => event.target instanceof HTMLImageElement && changed(), true);
  }
  for (const type of ["popstate", "hashchange", "pageshow"]) window.addEventListener(type, changed);
  changed();
  return true;
}
