/*
 * Boxes in the window, [left, top, right, bottom] in CSS pixels, that a picture must not show.
 *
 * In the app that is everything that is not known to be public: a side bar that farm does not
 * recognise any more is covered too. On an open page (a captcha) it is the account's mark alone.
 * The page is not touched: the boxes are painted over in the picture.
 */
({ pack, open, prompts }) => {
  const PUBLIC = [
    "mode_picker", "mode_label", "send", "stop", "tools_menu", "upload_menu", "tool_chip",
    "banner", "quota_banner", "toast", "dialog", "cookie_dialog",
  ];
  const PRIVATE = ["account_mark", "sidebar", "conversation_list", "conversation_link"];
  const PROMPTS = ["query", "composer"];
  const { roles } = JSON.parse(pack);

  const query = (root, css) => {
    try {
      return [...root.querySelectorAll(css)];
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return [];
    }
  };
  const matches = (names, root = document) =>
    names.flatMap((name) => (roles[name] ?? []).flatMap((candidate) => query(root, candidate.css)));

  const boxes = [];
  const add = (box) => {
    const seen = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
    if (seen && box.width > 0 && box.height > 0) boxes.push([box.left, box.top, box.right, box.bottom]);
  };
  const inside = (box, other) =>
    other && box.left >= other.left && box.right <= other.right && box.top >= other.top && box.bottom <= other.bottom;
  const coverText = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) add(box);
  };
  // What stands in an element may stick out of it.
  const cover = (el, around) => {
    const box = el.getBoundingClientRect();
    if (!inside(box, around)) {
      add(box);
      around = box;
    }
    for (const node of el.childNodes) {
      if (node.nodeType === Node.ELEMENT_NODE) cover(node, around);
      else if (node.nodeType === Node.TEXT_NODE && node.data.trim() && box.width * box.height === 0) coverText(node);
    }
  };

  const turns = matches(["turn"]);
  const last = turns.reduce(
    (found, el) => (!found || found.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING ? el : found), null,
  );
  const shown = new Set([
    ...matches(PUBLIC), ...(last ? matches(["answer"], last) : []), ...(prompts ? matches(PROMPTS, last ?? document) : []),
  ]);
  const holders = new Set();
  for (const el of shown) for (let up = el.parentElement; up && !holders.has(up); up = up.parentElement) holders.add(up);

  const visit = (el) => {
    for (const node of el.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && node.data.trim()) coverText(node);
      else if (node.nodeType !== Node.ELEMENT_NODE || shown.has(node)) continue;
      else if (holders.has(node)) visit(node);
      else cover(node, null);
    }
  };
  if (!open && document.body) visit(document.body);
  for (const el of matches([...PRIVATE, ...(prompts ? [] : PROMPTS)])) cover(el, null);
  return boxes;
}
