// What would answer a question is hidden until the reader has answered it, or asks to see it.

import { make } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @typedef {object} Part
 * @property {HTMLElement} box a claim's item or a derivation
 * @property {Set<string>} questions that it answers and that are open
 * @property {{ place: HTMLElement, parts: Part[] }} [run] neighbors, which have one button
 *
 * @param {HTMLElement} words the lesson's
 * @param {import("../protocol").Prediction[]} questions
 */
export function hideAnswers(words, questions) {
  /** @type {Map<HTMLElement, Part>} */
  const parts = new Map();
  for (const { id, hides } of questions) {
    for (const name of hides) {
      const [, derived] = name.split("derivation.");
      const box = derived
        ? words.querySelector(`[data-derivation="${derived}"]`)
        : words.querySelector(`[data-claim="${name}"]`)?.closest("li");
      if (!(box instanceof HTMLElement)) continue;
      const part = parts.get(box) ?? { box, questions: new Set() };
      part.questions.add(id);
      parts.set(box, part);
    }
  }

  /** @param {Part} part */
  function show(part) {
    part.questions.clear();
    part.box.hidden = false;
    const next = part.run?.parts.find(({ box }) => box.hidden);
    if (next) next.box.before(/** @type {HTMLElement} */ (part.run?.place));
    else part.run?.place.remove();
  }

  for (const part of parts.values()) {
    part.box.hidden = true;
    part.box.classList.add("answers");
  }
  for (const part of parts.values()) {
    if (part.run || parts.has(/** @type {HTMLElement} */ (part.box.previousElementSibling)))
      continue;
    const button = make("button", { type: "button", class: "chip" }, say("show-answer"));
    const place = make(part.box.matches("li") ? "li" : "p", { class: "hidden-answer" }, button);
    /** @type {{ place: HTMLElement, parts: Part[] }} */
    const run = { place, parts: [] };
    /** @type {Part | undefined} */
    let next = part;
    while (next) {
      run.parts.push(next);
      next.run = run;
      next = parts.get(/** @type {HTMLElement} */ (next.box.nextElementSibling));
    }
    button.addEventListener("click", () => {
      const first = run.parts.find(({ box }) => box.hidden);
      run.parts.forEach(show);
      const target = first?.box.querySelector("[tabindex], button");
      if (target instanceof HTMLElement) target.focus();
    });
    part.box.before(place);
  }
  return {
    /** @param {string} question that was answered */
    answered(question) {
      for (const part of parts.values()) {
        if (part.questions.delete(question) && !part.questions.size) show(part);
      }
    },
  };
}
