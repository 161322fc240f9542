// The controls of a lesson, built from its description: a kind of control is one line of a table.

import { checks, choice, toggle } from "./choices.js";
import { make, setAttribute, setText } from "../lib/dom.js";
import { numberBox, slider, textBox } from "./inputs.js";
import { say } from "../i18n/en.js";

/**
 * @param {Control} spec
 * @param {Fields} fields
 */
function number(spec, fields) {
  const spot = fields.spot();
  const { box } = numberBox(spec.field, fields, spot, spec);
  return make(
    "label",
    { class: spec.label.length < 10 ? "control lone short" : "control lone" },
    make("span", { title: spec.help }, spec.label),
    box,
    spot,
  );
}

/**
 * @param {Control} spec
 * @param {Fields} fields
 */
function matrix({ field, label, step = 0.1, size = 2 }, fields) {
  const spot = fields.spot();
  const cells = [];
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const name = say("entry", { label, row: i + 1, column: j + 1 });
      cells.push(numberBox(`${field}.${i}.${j}`, fields, spot, { label: name, step }).box);
    }
  }
  const grid = make("div", { class: "entries", style: `--size:${size}` }, ...cells);
  const row = make("div", { class: "row" }, make("var", {}, `${label} =`), grid);
  return make("div", { class: "control matrix", role: "group", "aria-label": label }, row, spot);
}

// Something to do now, and not a value that stays: pressed, it sets its field once.
/**
 * @param {Control} spec
 * @param {Fields} fields
 */
function button({ field, label, value = true, help }, fields) {
  const spot = fields.spot();
  const press = make(
    "button",
    { type: "button", class: "act", title: help, "data-field": field },
    label,
  );
  press.addEventListener("click", () => fields.set(field, value));
  fields.add(field, [press], { write: () => {}, spot });
  return make("div", { class: "control" }, press, spot);
}

/** @type {Record<string, (spec: Control, fields: Fields, lesson: LessonData) => HTMLElement>} */
const BUILDERS = { slider, number, matrix, choice, checks, toggle, button, text: textBox };

/**
 * Whether a field has one of these values, or, of several, one of them among its own.
 *
 * @param {unknown} value
 * @param {unknown[]} values
 */
export const among = (value, values) =>
  Array.isArray(value) ? value.some((each) => values.includes(each)) : values.includes(value);

// A control with `when` is there only while each of those fields has one of those values.
/**
 * @param {HTMLElement} box
 * @param {any[][]} when pairs of a field and a list of values
 * @param {Fields} fields
 */
function showWhen(box, when, fields) {
  const met = when.map(() => true);
  when.forEach(([field, values], i) => {
    /** @param {unknown} value */
    const write = (value) => {
      met[i] = among(value, values);
      const hidden = !met.every(Boolean);
      if (box.hidden !== hidden) box.hidden = hidden;
    };
    fields.add(field, [], { write, spot: fields.spot() });
  });
}

/**
 * Say below a control why it changes nothing now. It can be used all the same.
 *
 * @param {HTMLElement} part
 */
function idling(part) {
  const words = make("p", { class: "idle", hidden: true });
  const inputs = part.querySelectorAll("[data-field]");
  part.append(words);
  /** @param {string} reason */
  return (reason) => {
    if (words.textContent === reason) return;
    setText(words, reason);
    words.hidden = !reason;
    part.classList.toggle("resting", Boolean(reason));
    for (const input of inputs) setAttribute(input, "aria-description", reason || null);
  };
}

/**
 * @param {LessonData} lesson
 * @param {Fields} fields
 */
export function makeControls(lesson, fields) {
  /** @type {Map<string, (reason: string) => void>} */
  const reasons = new Map();
  const groups = lesson.controls.map((group) => {
    const parts = group.controls.map((spec) => {
      const build = BUILDERS[spec.kind];
      if (!build)
        throw new Error(`no control '${spec.kind}'; there are ${Object.keys(BUILDERS).join(", ")}`);
      const part = build(spec, fields, lesson);
      part.dataset.control = spec.field;
      reasons.set(spec.field, idling(part));
      showWhen(part, spec.when ?? [], fields);
      return part;
    });
    return make(
      "section",
      { class: "group", "data-group": group.id },
      make("h2", {}, group.label),
      ...parts,
    );
  });
  const fold = make(
    "button",
    { type: "button", class: "fold", "aria-expanded": "false" },
    say("controls"),
  );
  fold.addEventListener("click", () =>
    fold.setAttribute("aria-expanded", String(fold.getAttribute("aria-expanded") !== "true")),
  );
  const box = make(
    "div",
    { class: "controls", "data-part": "controls", role: "region", "aria-label": say("controls") },
    fold,
    ...groups,
  );
  // A picture with several faces shows the controls of the one it has on.
  /** @param {Pick<Answer, "shown" | "idle">} answer */
  function update({ shown = {}, idle = {} }) {
    reasons.forEach((tell, field) => tell(idle[field] ?? ""));
    for (const group of groups) {
      const name = group.dataset.group ?? "";
      const hidden = Boolean(shown.groups && !shown.groups.includes(name));
      if (group.hidden !== hidden) group.hidden = hidden;
    }
  }
  return { box, update };
}
