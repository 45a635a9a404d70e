/*
 * What the page shows, as plain JSON; every judgement about it is reading.py's. `pack` is JSON text.
 *
 * Text is taken only from turns, banners, toasts and dialogs, and from a page without a composer.
 * An element counts as shown by its styles and never by its size: the idle send button of the 2025
 * composer is scaled to nothing, and a response footer has no height.
 */
(pack) => {
  const TEXT_LIMIT = 4000;
  const INLINE = new Set(
    ["A", "B", "CODE", "EM", "I", "MARK", "S", "SMALL", "SPAN", "STRONG", "SUB", "SUP", "U"],
  );
  const NEVER_TEXT = "script, style, noscript, template, svg, .cdk-visually-hidden";
  const { roles } = JSON.parse(pack);
  const broken = new Set();

  const fold = (text) => text.replace(/[\u200b\u200e\u200f\ufeff]/g, "").replace(/\s+/g, " ").trim();
  const lower = (text) => fold(text).toLowerCase();
  const nameOf = (el) => el.getAttribute("aria-label") || el.getAttribute("arialabel") || "";

  const shown = (el) => {
    if (el.closest("[hidden]")) return false;
    if (el.checkVisibility({ visibilityProperty: true, checkVisibilityCSS: true })) return true;
    // An element with display: contents has no box of its own; its children may have.
    return getComputedStyle(el).display === "contents" && [...el.children].some(shown);
  };

  const query = (root, css, role) => {
    try {
      return [...root.querySelectorAll(css)];
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      broken.add(role);
      return [];
    }
  };
  const carries = (el, texts) => {
    if (!texts.length) return true;
    const said = lower(`${nameOf(el)} ${el.textContent}`);
    return texts.some((text) => said.includes(lower(text)));
  };
  const byCandidate = (root, role, candidate) =>
    query(root, candidate.css, role).filter((el) => carries(el, candidate.texts));

  // One look per absent role: all its candidates in one selector.
  const isAbsent = (role) => {
    try {
      return !document.querySelector(roles[role].map((c) => c.css).join(","));
    } catch {
      return false; // one candidate is no selector: try them one by one
    }
  };
  const matched = {};
  for (const role of Object.keys(roles)) {
    if (isAbsent(role)) continue;
    const index = roles[role].findIndex((c) => byCandidate(document, role, c).length);
    if (index >= 0) matched[role] = index;
  }
  // Parts of an attachment look like parts of much else: without one they are nothing.
  for (const role of Object.keys(matched)) {
    if (role.startsWith("attachment_") && !("attachment" in matched)) delete matched[role];
  }

  const all = (root, role, test = () => true) => {
    if (!(role in matched)) return [];
    for (const candidate of roles[role].slice(matched[role])) {
      const found = byCandidate(root, role, candidate).filter(test);
      if (found.length) return found;
    }
    return [];
  };
  const outermost = (elements) =>
    elements.filter((el) => !elements.some((other) => other !== el && other.contains(el)));
  const every = (role, test) =>
    role in matched
      ? outermost(roles[role].flatMap((c) => byCandidate(document, role, c)).filter(test))
          .filter((el, index, list) => list.indexOf(el) === index)
      : [];
  const cssOf = (role) => roles[role].map((c) => c.css).join(",");

  const textOf = (root, { skip = "", visible = true, limit = TEXT_LIMIT } = {}) => {
    const rejected = skip ? `${NEVER_TEXT}, ${skip}` : NEVER_TEXT;
    const accept = (node) => {
      if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
      if (node.matches(rejected) || (visible && !shown(node))) return NodeFilter.FILTER_REJECT;
      return NodeFilter.FILTER_ACCEPT;
    };
    const walker = document.createTreeWalker(
      root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, accept,
    );
    let text = "";
    while (text.length < limit && walker.nextNode()) {
      const node = walker.currentNode;
      if (node.nodeType === Node.TEXT_NODE) text += node.data;
      else if (!INLINE.has(node.tagName)) text += " ";
    }
    return fold(text).slice(0, limit);
  };

  // --- the composer --------------------------------------------------------------------------------

  const linesOf = (box) => {
    if ("value" in box) return box.value;
    const blocks = [...box.children].filter((el) => el.tagName !== "BR");
    const lines = blocks.length ? blocks.map((el) => el.textContent) : [box.textContent];
    return lines.join("\n").replace(/[\u200b\ufeff]/g, "").replace(/\n+$/, "");
  };
  const readComposer = () => {
    const box = all(document, "composer", shown)[0];
    if (!box) return null;
    const off = box.getAttribute("contenteditable") === "false" || box.disabled === true;
    return {
      text: linesOf(box),
      placeholder: box.getAttribute("data-placeholder") || box.getAttribute("placeholder") || "",
      name: nameOf(box),
      enabled: !off && box.getAttribute("aria-disabled") !== "true",
    };
  };
  const isOff = (button) =>
    Boolean(
      button.closest(":disabled, [aria-disabled='true'], gem-icon-button[disabled]") ||
        button.closest(".send-button-container.disabled"),
    );
  const stopShown = all(document, "stop", shown).length > 0;
  const readSend = () => {
    if (stopShown) return "stop";
    const button = all(document, "send", shown)[0];
    if (!button) return "absent";
    return isOff(button) ? "disabled" : "send";
  };
  const readMode = () => {
    const picker = all(document, "mode_picker")[0];
    const label = all(document, "mode_label")[0];
    return {
      label: label ? textOf(label, { visible: false }) : "",
      picker: picker ? nameOf(picker) : "",
      text: picker ? textOf(picker, { skip: "mat-icon, gem-icon", visible: false }) : "",
    };
  };
  const readTools = () => ({
    image_chip: all(document, "image_chip", shown).length > 0,
    chips: all(document, "tool_chip", shown).map((el) => fold(nameOf(el) || el.textContent)),
    image_checked: all(document, "image_tool").some((el) => el.ariaChecked === "true"),
  });

  // Files in the prompt box that go along with the next prompt.
  const within = (el, role, test) => all(el, role, test).length > 0 || (el.matches(cssOf(role)) && test(el));
  const readAttachment = (el) => ({
    pending: within(el, "attachment_busy", shown),
    failed: within(el, "attachment_failed", shown),
    said: textOf(el, { skip: "button, mat-icon, gem-icon", limit: 300 }),
  });

  // --- turns ---------------------------------------------------------------------------------------

  const readImage = (img) => ({
    src: img.getAttribute("src") ? img.src : "",
    complete: img.complete,
    width: img.naturalWidth,
    height: img.naturalHeight,
    marked: img.classList.contains("loaded"),
  });
  const hasDownload = (frame) => {
    if (all(frame, "download_button").length) return true;
    const block = frame.closest(cssOf("image_block"));
    if (!block) return false;
    // A block with several frames offers one button for each.
    return all(block, "download_button").length >= all(block, "generated_image").length;
  };
  const readFrame = (frame) => ({
    images: all(frame, "image").map(readImage),
    download: hasDownload(frame),
    failed: all(frame, "image_failed", shown).length > 0,
    pending: all(frame, "image_pending", shown).length > 0,
  });
  const readBusy = (elements) => {
    if (!elements.length) return null;
    return elements.some((el) => el.getAttribute("aria-busy") === "true");
  };
  const readQuery = (el) => {
    const lines = all(el, "query_line").map((line) =>
      textOf(line, { skip: "button, mat-icon, gem-icon", visible: false, limit: 20000 }),
    );
    return lines.join("\n");
  };
  // Pictures that stand in no part farm knows.
  const readStrangers = (elements, known) =>
    elements
      .flatMap((el) => [...el.querySelectorAll("img")])
      .filter((img) => !known.some((el) => el.contains(img)) && !img.matches(cssOf("licensed_image")))
      .map(readImage);
  const readAnswer = (answers) => {
    const within = (role, test) => answers.flatMap((el) => all(el, role, test));
    const options = { skip: cssOf("answer_extra") };
    const said = (role) => fold(within(role).map((el) => textOf(el, options)).join(" "));
    const frames = outermost(within("generated_image"));
    const stray = within("image_failed", shown).filter((el) => !frames.some((f) => f.contains(el)));
    return {
      text: said("answer_text") || said("answer_body"),
      footer_done: within("footer_done").length > 0,
      footer_busy: within("footer_busy").length > 0,
      busy: readBusy(within("busy_text")),
      actions: within("actions").length > 0,
      thinking: within("thinking", shown).length > 0,
      progress: within("progress", shown).length > 0,
      stopped: within("stopped_mark", shown).map((el) => fold(el.textContent)),
      stray_failed: stray.length,
      strangers: readStrangers(answers, frames),
      frames: frames.map(readFrame),
    };
  };
  const readTurn = (el) => {
    const queries = outermost(all(el, "query"));
    const answers = outermost(all(el, "answer"));
    return {
      id: el.id,
      has_query: queries.length > 0,
      query: queries.map(readQuery).join("\n"),
      uploads: queries.reduce((sum, q) => sum + all(q, "uploaded_image").length, 0),
      answer: answers.length ? readAnswer(answers) : null,
      strangers: answers.length || !queries.length ? [] : readStrangers([el], queries),
    };
  };

  // --- the page around them ------------------------------------------------------------------------

  const readDialog = (el) => {
    const heading = el.querySelector("h1, h2, h3, [mat-dialog-title], [role=heading]");
    return {
      heading: heading ? fold(heading.textContent) : "",
      text: textOf(el, { limit: 1000 }),
      lightbox: el.matches(cssOf("lightbox")) || Boolean(el.querySelector(cssOf("lightbox"))),
    };
  };
  // An empty list proves only something once it has been drawn: before, and while it is folded away,
  // its element may stand there with nothing in it.
  const readConversations = () => {
    const list = all(document, "conversation_list", shown)[0];
    const links = all(document, "conversation_link");
    const waiting = list && list.querySelector("[aria-busy=true], mat-progress-spinner");
    const drawn = Boolean(list) && !waiting && textOf(list, { limit: 50 }) !== "";
    return { listed: links.length > 0 || drawn, links: links.map((el) => el.href) };
  };
  const spoken = (role) => every(role, shown).map((el) => textOf(el, { skip: "mat-icon, gem-icon", limit: 1000 }));
  const composer = readComposer();
  // A page of another kind (region, captcha) has no composer; its side bar still tells nothing.
  const bare = composer
    ? ""
    : textOf(document.body || document.documentElement, {
        skip: `${cssOf("sidebar")}, ${cssOf("turn")}, ${cssOf("query")}, ${cssOf("answer")}`,
        limit: 1500,
      });

  return {
    url: location.href,
    title: document.title,
    language: document.documentElement.lang,
    matched,
    broken: [...broken],
    sign_in_mark: every("sign_in_mark", shown).length > 0,
    account_mark: every("account_mark", shown).length > 0,
    composer,
    send: readSend(),
    stop: stopShown,
    mode: readMode(),
    tools: readTools(),
    attachments: outermost(all(document, "attachment", shown)).map(readAttachment),
    conversations: readConversations(),
    images: [...new Set([...document.images].filter((i) => i.getAttribute("src")).map((i) => i.src))],
    turns: outermost(all(document, "turn")).map(readTurn),
    quota_banners: spoken("quota_banner"),
    banners: spoken("banner").filter(Boolean),
    toasts: spoken("toast").filter(Boolean),
    cookie_dialogs: spoken("cookie_dialog"),
    dialogs: every("dialog", shown).map(readDialog),
    bare,
  };
}
