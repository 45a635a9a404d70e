// The list of chats, which comes late, and in the new generation only when asked for.

import { boot, h, icon, iconButton, isNew, later, texts, toggle } from "/_/static/dom.js";

export class Sidebar {
  #open;
  #listed = false;

  constructor(open) {
    this.#open = open;
    this.list = h(boot.account ? "conversations-list" : "conversations-list-signed-out",
      { "data-test-id": boot.account ? "conversations-list" : "conversations-list-signed-out" });
    const content = h("side-navigation-content", {}, this.#newChat(), this.list);
    this.panel = h(isNew ? "mat-sidenav" : "bard-sidenav", {}, content);
    this.container = h(isNew ? "mat-sidenav-container" : "bard-sidenav-container", { "data-test-id": "bard-sidenav-container" }, this.panel);
    this.element = h("side-navigation-v2", {}, this.container);
    this.menuButton = h(isNew ? "chat-app-side-nav-menu-button" : "side-nav-menu-button", {},
      iconButton("side-nav-menu-button", "menu", isNew ? texts.open_sidebar : "Main menu", { onclick: () => this.#toggle() }));
    if (isNew) toggle(this.panel, "collapsed", true);
    else this.#render();
  }

  /** A chat that has just begun, or changed its name. */
  add(id, title) {
    if (!this.#listed || this.list.querySelector(`a[href="/app/${id}"]`)) return;
    this.items.prepend(this.#item({ id, title }));
  }

  #toggle() {
    const collapsed = this.panel.classList.toggle("collapsed");
    if (!collapsed && !this.#listed) this.#render();
  }

  async #render() {
    await later(boot.seconds.sidebar);
    if (!boot.account) return this.#signedOut();
    const chats = await (await fetch("/_/chats")).json();
    this.items = h("div.conversation-items-container", {}, ...chats.map((chat) => this.#item(chat)));
    this.list.replaceChildren(h("h2.title", {}, texts.chats), this.items);
    this.#listed = true;
  }

  #signedOut() {
    this.list.replaceChildren(h("p", {}, texts.signed_out_list),
      h("button.sign-in-button", { type: "button", onclick: () => location.assign(boot.signIn) }, texts.sign_in));
  }

  #item({ id, title }) {
    return h("a.conversation", { "data-test-id": "conversation", href: `/app/${id}`, onclick: (event) => this.#go(event, id) },
      h("div.conversation-title", {}, title));
  }

  #newChat() {
    const link = h("a.side-nav-action-button", { href: "/app", "aria-label": texts.new_chat, onclick: (event) => this.#go(event, "") },
      icon("edit_square"), h("span", {}, texts.new_chat));
    return isNew ? h("gem-icon-button", { "data-test-id": "new-chat-button" }, link)
      : h("side-nav-action-button", { "data-test-id": "new-chat-button" }, link);
  }

  #go(event, id) {
    event.preventDefault();
    this.#open(id);
  }
}

/** Who is signed in, top right; it comes late. */
export function accountMark() {
  const mark = h("div.gb_account");
  later(boot.seconds.account).then(() => mark.append(boot.account ? signedIn() : signedOut()));
  return mark;
}

function signedIn() {
  const label = texts.account.replace("{name}", boot.account).replace("{mail}", `${boot.account}@example.com`);
  return h("a.gb_B", { href: "https://accounts.google.com/SignOutOptions", "aria-label": label, role: "button" },
    h("img.gb_P", { alt: "", src: `https://lh3.googleusercontent.com/ogw/${boot.account}=s32-c-mo` }));
}

function signedOut() {
  return h("a.gb_Kd", { href: boot.signIn, "aria-label": texts.sign_in }, texts.sign_in);
}
