// What would answer a question is hidden until the reader has answered it, or asks to see it.

import { make } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @typedef {object} Part
 * @property {Set<string>} names of what is in it
 * @property {HTMLElement} box a claim's item or a derivation
 * @property {Set<string>} questions that it answers and that are open
 * @property {Run} [run] it and its hidden neighbors
 *
 * @typedef {{ place: HTMLElement, parts: Part[] }} Run neighbors with one button, at its place
 *
 * @param {HTMLElement} words the lesson's
 * @param {import("../protocol").Prediction[]} questions
 * @param {(name: string) => void} onshown what is hidden no longer
 */
export function hideAnswers(words, questions, onshown) {
  /** @type {Map<Element, Part>} */
  const parts = new Map();
  for (const { id, hides } of questions) {
    for (const name of hides) {
      const [, derived] = name.split("derivation.");
      const box = derived
        ? words.querySelector(`[data-derivation="${derived}"]`)
        : words.querySelector(`[data-claim="${name}"]`)?.closest("li");
      if (!(box instanceof HTMLElement)) continue;
      const part = parts.get(box) ?? { names: new Set(), box, questions: new Set() };
      part.names.add(name);
      part.questions.add(id);
      parts.set(box, part);
      box.hidden = true;
      box.classList.add("answers");
    }
  }

  /** @param {Part} part */
  function show(part) {
    part.questions.clear();
    part.box.hidden = false;
    part.names.forEach((name) => onshown(name));
    if (!part.run) return;
    const next = part.run.parts.find(({ box }) => box.hidden);
    if (next) next.box.before(part.run.place);
    else part.run.place.remove();
  }

  /**
   * @param {HTMLElement} first of the neighbors
   * @returns {Run}
   */
  function makeRun(first) {
    const button = make("button", { type: "button", class: "chip" }, say("show-answer"));
    const place = make(first.matches("li") ? "li" : "p", { class: "hidden-answer" }, button);
    /** @type {Run} */
    const run = { place, parts: [] };
    button.addEventListener("click", () => {
      const hidden = run.parts.find(({ box }) => box.hidden);
      run.parts.forEach(show);
      const target = hidden?.box.querySelector("[tabindex], button");
      if (target instanceof HTMLElement) target.focus();
    });
    first.before(place);
    return run;
  }

  for (const box of words.querySelectorAll(".answers")) {
    const part = /** @type {Part} */ (parts.get(box));
    const before = box.previousElementSibling;
    part.run = (before && parts.get(before)?.run) ?? makeRun(part.box);
    part.run.parts.push(part);
  }
  return {
    /** @param {string} question that was answered */
    answered(question) {
      onshown(`question.${question}`);
      for (const part of parts.values()) {
        if (part.questions.delete(question) && !part.questions.size) show(part);
      }
    },
  };
}

/**
 * A line over the picture, the takeaway or a preset's, hidden as long as it would give away an
 * answer.
 *
 * @param {string} line
 * @param {string[]} gives claims that it repeats, and `question.id` of those that it answers
 */
export function hideLine(line, gives) {
  const open = new Set(gives);
  const text = make("span", { tabindex: "-1" }, line);
  const button = make("button", { type: "button", class: "chip" }, say("show-line"));
  const place = make("span", { class: "hidden-answer" }, button);
  button.addEventListener("click", () => (reveal(), text.focus()));
  if (open.size) text.classList.add("unanswered");

  function reveal() {
    open.clear();
    text.classList.remove("unanswered");
    place.remove();
  }
  return {
    text,
    /** @param {string} name of a claim that is hidden no longer, or of a question answered */
    shown: (name) => open.delete(name) && !open.size && reveal(),
    /** What stands in its place: itself, and the button as long as it is hidden. */
    parts: () => (open.size ? [text, place] : [text]),
  };
}

/**
 * The numbers that would answer a question which is open: lines of the formula strip, or the meter.
 *
 * @param {HTMLElement} box they are in
 * @param {Map<string, HTMLElement>} lines by the names under which questions hide them
 * @param {LessonData["words"]} sections
 * @param {object} page
 * @param {string} page.label of the button that shows them
 * @param {() => void} page.onshown the reader asked to see them
 */
export function hideLines(box, lines, sections, { label, onshown }) {
  /** @type {Map<string, Set<string>>} */
  const open = new Map(); // lines that are hidden, and the questions that hide each
  for (const { predict } of sections) {
    for (const name of predict?.hides ?? []) {
      if (predict && lines.has(name)) open.set(name, (open.get(name) ?? new Set()).add(predict.id));
    }
  }
  for (const name of open.keys()) {
    lines.get(name)?.classList.add("unanswered");
  }

  const button = make("button", { type: "button", class: "chip" }, label);
  const place = make("p", { class: "hidden-answer" }, button);
  button.addEventListener("click", () => {
    const names = [...open.keys()];
    reveal(names);
    onshown();
    const first = names.map((name) => lines.get(name)).find((line) => line?.checkVisibility());
    if (first) first.tabIndex = -1;
    first?.focus();
  });
  if (open.size) box.append(place);

  // A button for the lines that the present picture has.
  function offer() {
    const there = [...open.keys()].some((name) => lines.get(name)?.matches(":not([hidden])"));
    if (place.hidden === there) place.hidden = !there;
  }

  /** @param {string[]} names */
  function reveal(names) {
    const found = names.filter((name) => open.delete(name));
    found.forEach((name) => lines.get(name)?.classList.remove("unanswered"));
    offer();
    return found.length > 0;
  }
  return {
    offer,
    reveal,
    /** @param {string} name of a line */
    hiding: (name) => open.has(name),
    /** @param {string[]} questions that were answered */
    answered(questions) {
      const known = [...open].filter(([, by]) => {
        questions.forEach((question) => by.delete(question));
        return !by.size;
      });
      return reveal(known.map(([name]) => name));
    },
  };
}
