/*
 * The page as a tree that stands still: [tag, attributes, zone, children], texts as strings.
 *
 * Stylesheets stay behind, so what they hide is written out where it begins. Zones are zones.js's;
 * what becomes of each is redaction.py's.
 */
({ zones, marks }) => {
  const NODES = 20000;
  const DEPTH = 250;
  const LEFT_OUT = new Set([
    "script", "style", "link", "meta", "base", "noscript", "template", "svg", "object", "embed",
    "canvas", "video", "audio", "source", "math",
  ]);
  const EMPTY = new Set(["iframe"]);

  const identity = marks
    .flatMap((el) => [el, ...el.querySelectorAll("*")])
    .flatMap((el) => [el.getAttribute("aria-label"), el.getAttribute("title"), el.getAttribute("alt"), el.textContent])
    .filter(Boolean)
    .map((text) => text.slice(0, 200));

  let left = NODES;
  let cut = false;

  const hiding = (style, around) => {
    const rules = [];
    if (style.display === "none" || style.contentVisibility === "hidden") rules.push("display:none");
    else if (style.display === "contents") rules.push("display:contents");
    if (style.visibility !== around) rules.push(`visibility:${style.visibility}`);
    return rules.join(";");
  };
  const attributesOf = (el, style, around) => {
    const found = Object.fromEntries([...el.attributes].map((a) => [a.name.toLowerCase(), a.value.slice(0, 2000)]));
    delete found.style;
    const hidden = style ? hiding(style, around) : "";
    if (hidden) found.style = hidden;
    if (el instanceof HTMLImageElement && el.getAttribute("src")) {
      found.src = el.src;
      found["*picture"] = el.complete ? String(el.naturalWidth) : "0";
    }
    return found;
  };
  const childrenOf = (el, depth, around) => {
    if (EMPTY.has(el.localName)) return [];
    if (el instanceof HTMLTextAreaElement) return [el.value];
    const children = [];
    for (const node of el.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) children.push(node.data.slice(0, 20000));
      else if (node.nodeType === Node.ELEMENT_NODE) {
        const child = still(node, depth + 1, around);
        if (child) children.push(child);
      }
    }
    return children;
  };
  const still = (el, depth, around) => {
    if (LEFT_OUT.has(el.localName)) return null;
    if (left <= 0 || depth > DEPTH) {
      cut = true;
      return null;
    }
    left -= 1;
    const style = el.closest("head") ? null : getComputedStyle(el);
    const attributes = attributesOf(el, style, around);
    return [el.localName, attributes, zones.get(el) ?? "", childrenOf(el, depth, style?.visibility ?? around)];
  };
  return { tree: still(document.documentElement, 0, "visible"), identity, cut };
}
