// The page's elements: its root, and where each part is in it.

import { make } from "../lib/dom.js";

/**
 * @param {LessonData} lesson
 * @param {boolean} whole a page of its own, not a cell of a notebook
 */
export function makeRoot(lesson, whole) {
  const root = make("div", { class: whole ? "natgrad whole" : "natgrad" });
  if (!document.getElementById("natgrad")) root.id = "natgrad";
  root.lang = lesson.language;
  if (whole) document.documentElement.lang = lesson.language;
  return root;
}

/**
 * @param {HTMLElement} root
 * @param {Record<"over" | "top" | "picture" | "deck" | "below", HTMLElement[]>} parts
 */
export function layOut(root, { over, top, picture, deck, below }) {
  root.append(
    make(
      "div",
      { class: "sheet" },
      make("div", { class: "over" }, ...over),
      ...top,
      make("main", { class: "picture" }, ...picture),
      make("div", { class: "deck" }, ...deck),
      ...below,
    ),
  );
}
