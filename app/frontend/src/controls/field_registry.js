// A registry of all inputs by the field that they set: fills them from an answer, and stands the
// kernel's (or the page's own) message beside the control that it is about.

import { makeFrame } from "../canvas/animation_frame.js";
import { freshId, make, setAttribute, setText } from "../lib/dom.js";

/**
 * @param {string} a
 * @param {string} b
 */
const covers = (a, b) => a === b || b.startsWith(a + ".");

// Field names may address an entry by name or by position: `matrix.:.0` is part of `matrix`.
/**
 * @param {string} error
 * @param {string} field
 */
const about = (error, field) => covers(error, field) || covers(field, error);

/**
 * The part of a field's value that belongs to an input's field: of `matrix.:.0`, which holds a
 * column, to `matrix.1.0` its second number. Undefined if there is none.
 *
 * @param {any} value
 * @param {string} field
 * @param {string} input
 */
function partOf(value, field, input) {
  const names = field.split(".");
  const places = input.split(".");
  if (names.length > places.length) return undefined;
  for (const [i, place] of places.entries()) {
    if (i >= names.length || names[i] === ":") value = value?.[place];
    else if (names[i] !== place) return undefined;
  }
  return value;
}

/**
 * @typedef {object} Entry
 * @property {string} field
 * @property {HTMLElement[]} inputs
 * @property {(value: any) => void} write
 * @property {() => boolean} active
 * @property {HTMLElement} spot
 * @property {boolean} dirty
 * @property {{ text: string, spot: HTMLElement } | null} [wrong]
 *
 * @param {object} page
 * @param {AskFor} page.ask
 * @param {(text: string) => void} page.elsewhere says what is about no control
 */
export function makeFields({ ask, elsewhere }) {
  /** @type {Entry[]} */
  const entries = []; // {field, inputs, write, active, spot, dirty}
  /** @type {Map<string, string>} */
  const own = new Map(); // field → message about what was typed and is not a number
  /** @type {Record<string, string>} */
  let kernel = {};
  /** @type {Record<string, string>} */
  let hints = {}; // field → what is said where nothing is wrong

  /** @type {Map<Entry, number>} */
  const ahead = new Map(); // numbers that no answer has brought yet
  const frame = makeFrame(() => {
    for (const [entry, number] of ahead) entry.write(number);
    ahead.clear();
  });

  function show() {
    /** @type {string[]} */
    const homeless = [];
    /** @type {Map<HTMLElement, string>} */
    const said = new Map(); // spot → message
    for (const entry of entries) entry.wrong = null;
    for (const [error, text] of [...Object.entries(kernel), ...own]) {
      const hit = entries.filter((entry) => about(error, entry.field));
      hit.forEach((entry) => (entry.wrong ??= { text, spot: hit[0].spot }));
      if (hit.length) said.set(hit[0].spot, text);
      else homeless.push(text);
    }
    /** @type {Set<HTMLElement>} */
    const noted = new Set();
    for (const [field, text] of Object.entries(hints)) {
      const hit = entries.find((entry) => about(field, entry.field));
      if (!hit || said.has(hit.spot)) continue;
      said.set(hit.spot, text);
      noted.add(hit.spot);
    }
    for (const { spot } of entries) {
      setAttribute(spot, "data-hint", noted.has(spot) ? "" : null);
      setText(spot, said.get(spot) ?? "");
      if (spot.hidden !== !said.has(spot)) spot.hidden = !said.has(spot);
    }
    for (const { inputs, wrong } of entries) {
      for (const input of inputs) {
        setAttribute(input, "aria-invalid", wrong ? "true" : null);
        setAttribute(
          input,
          "aria-describedby",
          wrong ? wrong.spot.id : (input.dataset.help ?? null),
        );
      }
    }
    elsewhere(homeless.join(" "));
  }

  return {
    // `write(value)` shows a value; `active()` says that the reader is at it, and it is let be.
    /**
     * @param {string} field
     * @param {HTMLElement[]} inputs
     * @param {{ write: (value: any) => void, active?: () => boolean, spot: HTMLElement }} how
     */
    add(field, inputs, { write, active = () => false, spot }) {
      entries.push({ field, inputs, write, active, spot, dirty: false });
    },
    spot: () => make("p", { class: "wrong", id: freshId("wrong"), role: "alert", hidden: true }),
    /**
     * @param {string} field
     * @param {unknown} value
     */
    set(field, value) {
      own.delete(field);
      for (const entry of entries) if (about(entry.field, field)) entry.dirty = true;
      ask({ [field]: value });
    },
    // A handle was dragged: its numbers go with it, before the kernel has answered. They are written
    // once a frame, however many moves of the pointer are heard.
    /** @param {Changes} changes */
    foresee(changes) {
      let mended = false; // a number takes the place of what was typed and is none
      for (const [field, value] of Object.entries(changes)) {
        for (const entry of entries) {
          const part = partOf(value, field, entry.field);
          if (typeof part !== "number") continue;
          entry.dirty = true;
          ahead.set(entry, part);
          mended = own.delete(entry.field) || mended;
        }
      }
      if (mended) show();
      frame.request();
    },
    /**
     * @param {string} field
     * @param {string} message
     */
    reject(field, message) {
      own.set(field, message);
      show();
    },
    // After an answer. What the kernel refused stays in its box, for the reader to mend.
    /**
     * @param {Pick<Answer, "values" | "errors" | "hints">} answer
     * @param {boolean} busy
     */
    update({ values, errors = {}, hints: beside = {} }, busy) {
      kernel = errors;
      hints = beside;
      show();
      for (const entry of entries) {
        if (entry.active() || own.has(entry.field)) continue;
        if (entry.wrong && entry.dirty) continue;
        if (!busy) entry.dirty = false;
        if (busy && entry.dirty) continue;
        ahead.delete(entry);
        entry.write(values[entry.field]);
      }
    },
    forget() {
      own.clear();
      for (const entry of entries) entry.dirty = false;
    },
    /** @param {string} field */
    error(field) {
      const own_ = [...own].find(([name]) => about(name, field));
      const from = Object.entries(kernel).find(([name]) => about(name, field));
      return (own_ ?? from)?.[1] ?? "";
    },
  };
}
