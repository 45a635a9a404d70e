/*
 * Boxes in the window, [left, top, right, bottom] in CSS pixels, that a picture must not show.
 *
 * In the app that is everything that is not known to be public: a side bar that farm does not
 * recognise any more is covered too. On an open page (a captcha) it is the account's mark alone.
 * The page is not touched: the boxes are painted over in the picture.
 */
({ zones, lastTurn }, { open, prompts }) => {
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

  const isOurs = (el, zone) => prompts && (zone === "box" || (zone === "query" && lastTurn?.contains(el)));
  const marked = [...zones];
  const shown = new Set(marked.filter(([el, zone]) => ["spoken", "own"].includes(zone) || isOurs(el, zone)).map(([el]) => el));
  const hidden = marked.filter(([el, zone]) => ["private", "query", "box"].includes(zone) && !isOurs(el, zone));
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
  for (const [el] of hidden) cover(el, null);
  return boxes;
}
