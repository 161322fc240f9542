// A talk: the steps that a lecturer shows, in order. A step is one of the lesson's own (a preset or
// a claim, by its name) or a state (as a link writes it), and may have a line of text of its own.
// As text: steps parted by ~, a step from its line by !, a state begun with a full stop.

import { lineHtml } from "../controls/derivation.js";
import { say } from "../i18n/en.js";
import { spoken } from "../lib/mathml_text.js";

/**
 * A step: of the lesson, by name, or a state as a link has it; and its line.
 *
 * @typedef {{ show?: string, state?: string, say?: string }} Step
 */

/** @type {Record<string, string>} */
const MARKS = { "*": "*0", "~": "*1", "!": "*2" };
const UNMARKS = Object.fromEntries(Object.entries(MARKS).map(([plain, mark]) => [mark, plain]));
/** @param {string} text */
const guarded = (text) => text.replace(/[*~!]/g, (mark) => MARKS[mark]);
/** @param {string} text */
const bare = (text) => text.replace(/\*[012]/g, (mark) => UNMARKS[mark]);

/** @param {Step[]} steps */
export const writeTalk = (steps) =>
  steps
    .map(
      ({ show, state, say: line }) =>
        (show ?? `.${guarded(state ?? "")}`) + (line ? `!${guarded(line)}` : ""),
    )
    .join("~");

/**
 * @param {string} text
 * @returns {Step[]}
 */
export const readTalk = (text) =>
  text
    .split("~")
    .filter(Boolean)
    .map((part) => {
      const [what, ...rest] = part.split("!");
      const line = bare(rest.join("!"));
      const step = what.startsWith(".") ? { state: bare(what.slice(1)) } : { show: what };
      return line ? { ...step, say: line } : step;
    });

// What the lesson has to show, by name: its title, its line as HTML, and what it sets.
/**
 * @param {LessonData} lesson
 * @param {(id: string) => string} claimHtml
 */
export function makeShows(lesson, claimHtml) {
  /**
   * @typedef {object} Show
   * @property {string} title
   * @property {string} html
   * @property {string} text
   * @property {Changes} set
   * @property {string} [answers] the question that it answers
   * @property {boolean} [preset]
   */

  /** @type {Map<string, Show>} */
  const shows = new Map();
  const holder = document.createElement("i");
  for (const { id, name, say: line, set } of lesson.presets ?? []) {
    holder.textContent = line;
    shows.set(id, { title: name, html: holder.innerHTML, text: line, set, preset: true });
  }
  for (const [id, { set }] of Object.entries(lesson.claims ?? {})) {
    holder.innerHTML = claimHtml(id);
    shows.set(`claim.${id}`, { title: "", html: claimHtml(id), text: spoken(holder), set });
  }
  for (const predict of (lesson.words ?? []).map((part) => part.predict)) {
    if (!predict) continue;
    holder.innerHTML = predict.html;
    const options = predict.options.map((option) => `<span class="choice">${option}</span>`);
    shows.set(`question.${predict.id}`, {
      title: "",
      html: `${predict.html} ${options.join(" ")}`,
      text: spoken(holder),
      set: {}, // the picture would answer it
    });
    holder.innerHTML = predict.reason;
    shows.set(`answer.${predict.id}`, {
      title: "",
      html: predict.reason,
      text: spoken(holder),
      set: predict.set,
      answers: predict.id,
    });
  }
  for (const { id, title, lines } of (lesson.words ?? []).flatMap((part) => part.derivations)) {
    holder.innerHTML = title;
    const name = spoken(holder);
    lines.forEach((line, i) =>
      shows.set(`derivation.${id}.${i + 1}`, {
        title: say("line-of", { title: name, line: i + 1 }),
        html: lineHtml(line),
        text: name,
        set: line.set,
      }),
    );
  }
  return shows;
}

// The steps that can be shown, in their plain form, and the names of those that cannot.
/**
 * @param {unknown[]} steps
 * @param {Pick<Shows, "has">} shows
 */
export function knownSteps(steps, shows) {
  /** @type {{ steps: Step[], dropped: string[] }} */
  const found = { steps: [], dropped: [] };
  for (const step of steps) {
    const { show, state, say: line } = Object(step);
    const what = typeof state === "string" ? { state } : shows.has(show) ? { show } : null;
    if (what) found.steps.push(line ? { ...what, say: String(line) } : what);
    else found.dropped.push(String(show ?? step));
  }
  return found;
}
