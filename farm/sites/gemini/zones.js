/*
 * Whose words stand where, for all that is kept of a page: a map from elements to zones.
 *
 * "private", "query", "box", "answer" (an older one), "own" (the newest), "spoken" (the site's own
 * words); an element without a zone is as its parent. What becomes of them is for others to say.
 */
(pack) => {
  const ZONES = [
    ["spoken", ["mode_picker", "mode_label", "send", "stop", "tools_menu", "upload_menu", "tool_chip", "image_tool"]],
    ["spoken", ["banner", "quota_banner", "toast", "dialog", "cookie_dialog"]],
    ["answer", ["answer"]],
    ["box", ["composer", "composer_decoy"]],
    ["query", ["query"]],
    ["private", ["sidebar", "conversation_list", "conversation_link", "account_mark", "attachment"]],
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
  return { zones, lastTurn, marks };
}
