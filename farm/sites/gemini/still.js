/*
 * The page as a tree that stands still: [tag, attributes, zone, children], texts as strings.
 *
 * Stylesheets stay behind, so what they hide is written out where it begins. A zone says whose words
 * stand in an element: "private", "query", "box", "answer" (an older one), "own" (the newest),
 * "spoken" (the site's own words); "" is as its parent. What becomes of them is redaction.py's.
 */
(pack) => {
  const NODES = 20000;
  const DEPTH = 250;
  const LEFT_OUT = new Set([
    "script", "style", "link", "meta", "base", "noscript", "template", "svg", "object", "embed",
    "canvas", "video", "audio", "source", "math",
  ]);
  const EMPTY = new Set(["iframe"]);
  const ZONES = [
    ["spoken", ["mode_picker", "mode_label", "send", "stop", "tools_menu", "upload_menu", "tool_chip", "image_tool"]],
    ["spoken", ["banner", "quota_banner", "toast", "dialog", "cookie_dialog"]],
    ["answer", ["answer"]],
    ["box", ["composer", "composer_decoy"]],
    ["query", ["query"]],
    ["private", ["sidebar", "conversation_list", "conversation_link", "account_mark"]],
  ];
  const SPEAKERS = ["send", "stop", "tools_menu", "mode_picker"];
  const { roles } = JSON.parse(pack);

  const query = (root, css) => {
    try {
      return [...root.querySelectorAll(css)];
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return [];
    }
  };
  const matches = (role, root = document) =>
    (roles[role] ?? []).flatMap((candidate) => query(root, candidate.css));
  const holds = (el, names) => names.some((name) => matches(name, el).length > 0);

  const zones = new Map();
  // The composer's surroundings: the smallest part that holds the box and one of its buttons.
  const anchors = SPEAKERS.flatMap((role) => matches(role));
  for (const box of matches("composer")) {
    let area = box.parentElement;
    while (area && area !== document.body && !anchors.some((el) => area.contains(el))) area = area.parentElement;
    const foreign = ["turn", "query", "answer", "sidebar", "account_mark"];
    if (area && area !== document.body && !holds(area, foreign)) zones.set(area, "spoken");
  }
  for (const [zone, names] of ZONES) {
    for (const name of names) for (const el of matches(name)) zones.set(el, zone);
  }
  const lastTurn = matches("turn").reduce(
    (last, el) => (!last || last.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING ? el : last), null,
  );
  if (lastTurn) for (const el of matches("answer", lastTurn)) zones.set(el, "own");
  // What stands beside the account's mark may name its owner as well.
  const shell = ["composer", "turn", "sidebar", "banner", "app"];
  const marks = matches("account_mark");
  for (const mark of marks) {
    const beside = mark.parentElement;
    if (beside && beside !== document.body && !holds(beside, shell)) zones.set(beside, "private");
  }
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
