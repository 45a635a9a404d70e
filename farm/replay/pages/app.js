// The page as a whole: which chat is open, what runs in it, and how answers come in.

import { boot, h, isNew, later, texts } from "/_/static/dom.js";
import { banner, closeMenu, notice, toast } from "/_/static/overlay.js";
import { Composer } from "/_/static/composer.js";
import { refreshMode } from "/_/static/modes.js";
import { Sidebar, accountMark } from "/_/static/sidebar.js";
import { TurnElement } from "/_/static/turns.js";

class App {
  #turns = new Map();
  #pending = false; // sent, and not yet answered at all: the button still reads "send"
  #running = null; // the view of the turn being answered
  #stopAsked = false;
  #conversation = "";
  #view = 0; // grows when another chat is opened: streams of the one before then end unheard

  constructor() {
    this.history = h("infinite-scroller.chat-history", { "data-test-id": "chat-history-container" });
    this.scroller = h("div.chat-history-scroll-container", { id: "chat-history" }, this.history);
    this.landing = h("div.landing");
    this.window = h("chat-window", {}, h("chat-window-content", {}, this.landing, this.scroller));
    this.sidebar = new Sidebar((id) => this.#go(id));
    document.documentElement.lang = boot.language;
    document.body.prepend(this.#skeleton());
  }

  async start() {
    if (location.pathname === "/usage") return this.landing.append(h("h1", {}, texts.usage));
    await later(boot.seconds.hydrate);
    this.composer = new Composer({
      press: () => this.#press(), enter: () => this.#enter(), imageMode: location.pathname === "/images",
    });
    this.window.append(this.composer.element);
    if (boot.notices) notice();
    const id = /^\/(?:u\/\d+\/)?app\/([0-9a-f]{16})/.exec(location.pathname)?.[1] ?? "";
    if (id) await this.#open(id);
    else this.#land();
    addEventListener("popstate", () => location.reload());
  }

  #skeleton() {
    const app = h("chat-app", { "data-test-id": "chat-app" },
      h("main", {},
        h("top-bar-actions", {}, this.sidebar.menuButton, h("span.bard-logo", {}, "Gemini"), accountMark()),
        this.sidebar.element,
        h(isNew ? "mat-sidenav-content" : "bard-sidenav-content", {},
          h("chat-app-banners"), h("div", { "data-test-id": "announcement-banner-container" }), h("router-outlet"), this.window)));
    return isNew ? h("chat-app-orchestrator", {}, app) : app;
  }

  #land() {
    const hello = boot.account ? texts.hello.replace("{name}", boot.account) : texts.hello_nobody;
    this.landing.append(h("h1", {}, hello));
    if (location.pathname === "/images" && !boot.account) {
      this.landing.append(h("a.sign-in-link", { href: boot.signIn, "aria-label": texts.sign_in }, texts.sign_in));
    }
    if (boot.thumbnails.length) {
      this.landing.append(h("div.my-stuff", {}, h("h2", {}, texts.my_stuff),
        ...boot.thumbnails.map((src) => h("img.thumbnail", { src, alt: "" }))));
    }
  }

  #go(id) {
    history.pushState(null, "", id ? `/app/${id}` : "/app");
    this.#reset();
    if (id) this.#open(id);
    else this.#land();
  }

  #reset() {
    this.#conversation = "";
    this.#running = null;
    this.#view += 1;
    this.#turns.clear();
    this.history.replaceChildren();
    this.landing.replaceChildren();
    this.composer.running = false;
    document.title = "Google Gemini";
  }

  async #open(id) {
    const answer = await fetch(`/_/chats/${id}`);
    if (!answer.ok) return this.#go("");
    const chat = await answer.json();
    this.#conversation = id;
    document.title = `${chat.title} - Google Gemini`;
    for (const turn of chat.turns) this.#show({ ...turn, title: chat.title, stuck: false, stale: null });
    if (chat.watch) this.#follow(await fetch(`/_/chats/${id}/stream`));
  }

  /** One button: it sends, and as soon as something was sent it stops. */
  #press() {
    if (this.#pending || this.#running) return this.#stop();
    this.#send(this.composer.text);
  }

  /** The key only ever sends. */
  #enter() {
    if (!this.#pending && !this.#running) this.#send(this.composer.text);
  }

  async #stop() {
    this.#stopAsked = true;
    if (this.#running) {
      await fetch(`/_/chats/${this.#conversation}/stop`, { method: "POST" });
      this.#run(null);
    }
  }

  async #send(text) {
    closeMenu();
    this.#pending = true;
    this.#stopAsked = false;
    const body = JSON.stringify({ text, conversation: this.#conversation, language: boot.language, image_mode: this.composer.imageMode, files: this.composer.files });
    try {
      const answer = await fetch(boot.stream, { method: "POST", body });
      if (answer.headers.get("X-Refused")) return this.#refused(await answer.json());
      this.composer.clear();
      await this.#follow(answer);
    } finally {
      this.#pending = false;
    }
    refreshMode();
  }

  #refused({ toast: text, go }) {
    if (go) location.assign(go);
    else if (text) toast(text);
  }

  /** Read an answer stream to its end; each line that is a list carries the turn's newest view. */
  async #follow(answer) {
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const view = this.#view;
    let rest = "";
    for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith("[[") && view === this.#view) this.#show(JSON.parse(line)[1][1]);
      }
    }
  }

  #show(view) {
    if (this.#conversation !== view.conversation) this.#begin(view);
    if (!this.#turns.has(view.id)) this.#append(view);
    if (view.stale) this.#showStale(view);
    const turn = this.#turns.get(view.id);
    if (view.gone) turn.element.remove();
    else turn.show(view);
    this.#run(view.stage === "settled" && !view.stuck ? null : view);
    if (view.banner) banner(view.banner);
    if (view.toast) toast(view.toast);
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** The first turn of a new chat gives it its address, while the answer is still running. */
  #begin(view) {
    this.#conversation = view.conversation;
    this.landing.replaceChildren();
    history.pushState(null, "", `/app/${view.conversation}`);
    document.title = `${view.title} - Google Gemini`;
    this.sidebar.add(view.conversation, view.title);
  }

  #append(view) {
    for (const older of this.#turns.values()) older.outdated();
    const turn = new TurnElement(view, true);
    this.#turns.set(view.id, turn);
    this.history.append(turn.element);
  }

  /** An older turn drawn again with a new image address, beside the one that is running. */
  #showStale({ id, stale }) {
    const key = `${stale.turn} again`;
    if (this.#turns.has(key)) return;
    const view = {
      id: stale.turn, conversation: this.#conversation, query: stale.query, stage: "settled", text: "", stopped: false,
      decoys: false, images: [{ state: "shown", url: stale.url, download: "button" }],
    };
    const turn = new TurnElement(view, false);
    this.#turns.set(key, turn);
    const ours = document.getElementById(id);
    if (stale.where === "after") ours.after(turn.element);
    else ours.before(turn.element);
    turn.show(view);
  }

  #run(view) {
    this.#pending = false;
    this.#running = view;
    this.composer.running = Boolean(view);
    if (view && this.#stopAsked) this.#stop();
  }
}

new App().start();
