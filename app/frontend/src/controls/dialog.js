// A window above the page, closed by its button, by Escape, or by a click beside it.

import { freshId, make, setText } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @param {HTMLElement} root
 * @param {string} name
 * @param {string} title
 * @param {(Node | string)[]} parts
 */
export function makeDialog(root, name, title, ...parts) {
  const heading = make("h2", { id: freshId("dialog") }, title);
  const close = make("button", { type: "button", class: "plain", "aria-label": say("close") }, "✕");
  const head = make("div", { class: "head" }, heading, close);
  const said = make("p", { class: "hint", role: "status" });
  const body = make("div", { class: "body" }, ...parts, said);
  const box = make(
    "dialog",
    { class: `window ${name}`, "aria-labelledby": heading.id },
    head,
    body,
  );
  const shut = () => {
    if (box.open) box.close();
  };
  close.addEventListener("click", shut);
  box.addEventListener("click", ({ target }) => target === box && shut());
  box.addEventListener("keydown", (event) => event.stopPropagation()); // no key of the page's
  root.append(box);
  return {
    shut,
    open() {
      setText(said, "");
      box.showModal();
    },
    /** @param {string} text */
    tell: (text) => setText(said, text),
  };
}
