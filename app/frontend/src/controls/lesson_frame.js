// What frames a lesson: the introduction before its sections; after them what was shown, and the
// exercises.

import { make } from "../lib/dom.js";
import { say } from "../i18n/en.js";

const PARTS = ["data", "model", "parameters", "loss", "learn", "need"];

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} html
 * @param {Record<string, any>} [attributes]
 */
function filled(tag, html, attributes = {}) {
  const element = make(tag, attributes);
  element.innerHTML = html;
  return element;
}

/** @param {LessonData["introduction"]} introduction */
export function makeIntroduction(introduction) {
  const rows = PARTS.filter((name) => introduction[name]).map((name) =>
    make("div", {}, make("dt", {}, say(`intro-${name}`)), filled("dd", introduction[name])),
  );
  return rows.length
    ? make(
        "section",
        { class: "introduction", "data-words": "introduction" },
        make("dl", {}, ...rows),
      )
    : null;
}

/** @param {LessonData["summary"]} said */
export function makeSummary(said) {
  if (!said.length) return null;
  const items = said.map(({ html, when }) =>
    make(
      "li",
      {},
      filled("p", html),
      filled("p", `<b>${say("condition")}</b> ${when}`, { class: "condition" }),
    ),
  );
  return make(
    "section",
    { class: "summary", "data-words": "summary" },
    make("h2", {}, say("summary")),
    make("ul", {}, ...items),
  );
}

/**
 * @param {LessonData["exercises"]} exercises
 * @param {{ ask: AskFor }} page
 */
export function makeExercises(exercises, { ask }) {
  if (!exercises.length) return null;
  const items = exercises.map(({ html, answer, set }) => {
    const show = set && make("button", { type: "button", class: "chip" }, say("show-it"));
    if (show) show.addEventListener("click", () => ask(set));
    return make(
      "li",
      {},
      make("b", {}, say(set ? "on-the-page" : "with-pencil")),
      " ",
      filled("span", html),
      make("details", {}, make("summary", {}, say("answer")), filled("p", answer), show),
    );
  });
  return make(
    "section",
    { class: "exercises", "data-words": "exercises" },
    make("h2", {}, say("exercises")),
    make("ol", {}, ...items),
  );
}
