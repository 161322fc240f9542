// What a link asked for and could not be shown: said once, and put away by the reader.

import { make, passFocus, setText } from "../lib/dom.js";
import { say } from "../i18n/en.js";

export function makeNotice() {
  const words = make("p");
  const close = make("button", { type: "button" }, say("close"));
  const box = make("div", { class: "notice", role: "status" }, words, close);
  box.hidden = true;
  close.addEventListener("click", () => (passFocus(box), (box.hidden = true)));
  /** @type {string[]} */
  const dropped = [];
  return {
    box,
    /** @param {string[]} lines */
    tell(lines) {
      if (!lines.length) return;
      // Each stands inside a sentence that ends itself.
      dropped.push(...lines.map((line) => line.replace(/[.。]+$/, "")));
      setText(words, say("dropped", { what: dropped.join("; ") }));
      box.hidden = false;
    },
  };
}
