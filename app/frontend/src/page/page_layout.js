// The page's elements: its root, and where each part is in it.

import { make } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @param {LessonData} lesson
 * @param {boolean} whole a page of its own, not a cell of a notebook
 */
export function makeRoot(lesson, whole) {
  const root = make("div", { class: whole ? "natgrad early whole" : "natgrad early" });
  if (!document.getElementById("natgrad")) root.id = "natgrad";
  root.lang = lesson.language;
  if (whole) document.documentElement.lang = lesson.language;
  return root;
}

/**
 * The focus goes as the eye does: over the top, the text, the picture, and what is beside it.
 *
 * @param {HTMLElement} root
 * @param {Record<"over" | "top" | "words" | "sticky" | "picture" | "deck" | "below", HTMLElement[]>}
 *     parts
 */
export function layOut(root, { over, top, words, sticky, picture, deck, below }) {
  const skip = make("button", { type: "button", class: "skip" }, say("skip"));
  skip.addEventListener("click", () => {
    const first = words[0].querySelector("li:not([hidden]) > [data-claim]") ?? words[0];
    /** @type {HTMLElement} */ (first).focus();
  });
  root.append(
    make(
      "div",
      { class: "sheet" },
      skip,
      make("div", { class: "over" }, ...over),
      ...top,
      ...words,
      make("main", { class: "picture" }, make("div", { class: "sticky" }, ...sticky), ...picture),
      make("div", { class: "deck" }, ...deck),
      ...below,
    ),
  );
}
