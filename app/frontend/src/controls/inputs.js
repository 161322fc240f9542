// A slider and the number box linked to it, or a number box alone: both set one field.

import { makeFrame } from "../canvas/animation_frame.js";
import { composing, make, setAttribute } from "../lib/dom.js";
import { listenMoves } from "../lib/early_moves.js";
import { MOST, sampleLines, sizeOf } from "../lib/sample_lines.js";
import { parse, round, show, typed } from "../lib/number_format.js";
import { say } from "../i18n/en.js";

/** @type {Record<string, number>} */
const ARROWS = { ArrowUp: 1, ArrowDown: -1 };
/** @type {Record<string, number>} */
const DIRECTIONS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: 10,
  PageDown: -10,
};

// A slider's position runs 0…1. On a log scale that starts at zero, the far left is zero itself.
/** @param {Pick<Control, "min" | "max" | "step" | "scale">} spec */
function scaleOf({ min = 0, max = 1, step = 0, scale }) {
  if (scale !== "log") {
    return {
      /** @param {number} p */
      value: (p) => Math.min(max, min + Math.round((p * (max - min)) / step) * step),
      /** @param {number} v */
      position: (v) => (v - min) / (max - min),
      /** @param {number} v */
      tidy: (v) => round(v, step / 10),
      // The position a key away: a hundredth of the way, or finely a thousandth, at least a step.
      /**
       * @param {number} p
       * @param {number} way
       * @param {boolean} fine
       * @returns {number}
       */
      beside(p, way, fine) {
        const least = Math.max(step, (max - min) / 1000);
        const by = fine ? least : Math.max(least, (max - min) / 100);
        return this.position(Math.max(min, Math.min(max, this.value(p) + way * by)));
      },
    };
  }
  const zero = min <= 0;
  const low = zero ? step || max / 1e6 : min;
  const room = zero ? 0.04 : 0;
  const width = Math.log(max / low);
  return {
    /** @param {number} p */
    value: (p) => (p < room ? 0 : low * Math.exp(((p - room) / (1 - room)) * width)),
    /** @param {number} v */
    position: (v) =>
      v <= 0 ? 0 : v < low ? room : room + (Math.log(v / low) / width) * (1 - room),
    /** @param {number} v */
    tidy: (v) => Number(v.toPrecision(3)),
    // The room that is all zero is crossed in one go.
    /**
     * @param {number} p
     * @param {number} way
     * @param {boolean} fine
     * @returns {number}
     */
    beside(p, way, fine) {
      const next = p + way * (fine ? 0.001 : 0.01);
      if (p < room && way > 0) return room;
      return next < room ? 0 : Math.min(1, next);
    },
  };
}

/**
 * @param {string} field
 * @param {Fields} fields
 * @param {HTMLElement} spot
 * @param {{ label: string, step?: number, after?: (value: number) => void }} how
 */
export function numberBox(field, fields, spot, { label, step = 0.1, after = () => {} }) {
  const box = make("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    class: "number",
    "aria-label": label,
    "data-field": field,
  });
  let last = "";
  const accept = () => {
    const value = parse(box.value);
    if (box.value === last && !box.hasAttribute("aria-invalid")) return;
    last = box.value;
    setAttribute(box, "data-typing", null);
    if (Number.isNaN(value)) {
      const short = box.value.replace(/(?<=^.{24}).+/su, "…"); // of a long paste its beginning
      const said = short.trim() === "" ? say("nothing") : `“${short}”`;
      return fields.reject(field, say("no-number", { said }));
    }
    fields.set(field, value);
    after(value);
  };
  box.addEventListener("change", accept);
  box.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if (event.key === "Enter") accept();
    const way = ARROWS[event.key];
    const value = parse(box.value);
    if (!way || Number.isNaN(value)) return;
    box.value = typed(round(value + way * (event.shiftKey ? step / 10 : step), step / 100));
    accept();
    event.preventDefault();
  });
  // While something is being typed, Ctrl+Z is the box's own.
  box.addEventListener("input", () => box.toggleAttribute("data-typing", box.value !== last));
  /** @param {unknown} value */
  const write = (value) => {
    const text = typed(value);
    if (box.value !== text) box.value = text;
    last = text;
    setAttribute(box, "data-typing", null);
  };
  const active = () => document.activeElement === box && box.value !== last;
  fields.add(field, [box], { write, active, spot });
  // In a block of its own: only so a browser lays out what is written in it alone, and not the page.
  return { box: make("span", { class: "cell" }, box), write };
}

const THUMB = 16; // px; the width of a slider's thumb, which its middle cannot leave

// A browser moves a slider's thumb once a frame. Between two frames it is where the pointer's moves
// since then lead; so their answer may come a frame sooner.
/**
 * @param {HTMLInputElement} range whose value runs from 0 to 1
 * @param {(position: number) => void} move
 */
export function listenDrag(range, move) {
  let width = 0; // px for the whole way; 0 while the slider is not held
  let last = NaN; // the position that was last said
  let pointer = NaN; // where the browser saw it last
  /** @type {[number, number] | null} */
  let anchor = null; // the position that the browser gave the slider, and the pointer then
  /** @param {number} position */
  const tell = (position) => move((last = position));
  range.addEventListener("pointerdown", ({ clientX }) => {
    width = Math.max(1, range.clientWidth - THUMB); // not read while moving: no layout
    [pointer, last, anchor] = [clientX, NaN, null];
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    range.addEventListener(end, () => (width = 0));
  }
  range.addEventListener("pointermove", ({ clientX }) => (pointer = clientX));
  range.addEventListener("input", () => {
    const position = Number(range.value);
    anchor = [position, pointer];
    if (!(width && Math.abs(position - last) * width < 0.5)) tell(position);
  });
  listenMoves(range, ({ type, clientX }) => {
    if (!width || !anchor || type === "pointermove") return;
    tell(Math.max(0, Math.min(1, anchor[0] + (clientX - anchor[1]) / width)));
  });
}

/**
 * @param {Control} spec
 * @param {Fields} fields
 */
export function slider(spec, fields) {
  const { field, label, help, unit = "" } = spec;
  const scale = scaleOf(spec);
  const spot = fields.spot();
  const range = make("input", {
    type: "range",
    min: 0,
    max: 1,
    step: "any",
    "aria-label": label,
    "data-field": field,
  });
  let held = false;
  /** @param {number} value */
  const tell = (value) => {
    setAttribute(range, "aria-valuetext", show(value) + (unit && ` ${unit}`));
    range.style.setProperty("--part", `${(Number(range.value) * 100).toFixed(1)}%`);
  };
  const number = numberBox(field, fields, spot, {
    label: say("typed", { label }),
    step: spec.scale === "log" ? 0.01 : spec.step,
    after: (value) => write(value),
  });
  /** @param {unknown} value */
  const write = (value) => {
    if (typeof value !== "number") return;
    const position = String(Math.max(0, Math.min(1, scale.position(value))));
    if (range.value !== position) range.value = position;
    tell(value);
  };
  let [place, newest] = [0, 0];
  const follow = () => {
    range.value = String(place);
    tell(newest);
    number.write(newest);
  };
  const frame = makeFrame(follow); // once a frame, however many moves of the pointer are heard
  /**
   * The answer may be there at once, and what it writes stands: the control goes first.
   *
   * @param {number} position
   * @param {() => void} show
   */
  const move = (position, show) => {
    place = position;
    newest = scale.tidy(scale.value(Math.max(0, Math.min(1, position))));
    show();
    fields.set(field, newest);
  };
  const now = () => {
    frame.stop();
    follow();
  };
  listenDrag(range, (position) => move(position, frame.request));
  range.addEventListener("pointerdown", () => (held = true));
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    range.addEventListener(end, () => {
      if (frame.waiting()) now();
      held = false;
    });
  }
  // The browser's own steps are of no use on a log scale.
  range.addEventListener("keydown", (event) => {
    const way = DIRECTIONS[event.key];
    if (!way) return;
    event.preventDefault();
    const by = Math.abs(way) === 1 && (event.ctrlKey || event.altKey) ? 10 * way : way;
    move(scale.beside(Number(range.value), by, event.shiftKey), now); // the next key starts here
  });
  fields.add(field, [range], { write, active: () => held, spot });
  const head = make("label", { class: "head" }, make("span", { title: help }, label), number.box);
  return make("div", { class: "control slider" }, head, range, spot);
}

// A line, or a few, of text. What the kernel refuses stays here, with its message below.
/**
 * @param {Control} spec
 * @param {Fields} fields
 */
export function textBox({ field, label, rows = 1, help, file = false }, fields) {
  const spot = fields.spot();
  spot.classList.add("placed");
  const area = make("textarea", {
    rows,
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    "aria-label": label,
    title: help,
    "data-field": field,
  });
  let last = "";
  const accept = () => {
    if (area.value === last) return;
    if (file) area.value = sampleLines(area.value);
    last = area.value;
    const size = sizeOf(last);
    if (size <= MOST) return fields.set(field, last);
    fields.reject(field, say("too-long", { size: Math.ceil(size / 1000), most: MOST / 1000 }));
  };
  area.addEventListener("change", accept);
  area.addEventListener("paste", () => setTimeout(accept)); // once what is pasted is there
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
    accept();
    event.preventDefault();
  });
  /** @param {unknown} value */
  const write = (value) => {
    if (typeof value !== "string") return;
    if (area.value !== value) area.value = value;
    last = value;
  };
  const active = () => document.activeElement === area && area.value !== last;
  fields.add(field, [area], { write, active, spot });
  const head = make("span", { class: "head", title: help }, label);
  const box = make("label", { class: "control text" }, head, area, spot);
  if (!file) return box;
  const read = (/** @type {File | undefined} */ chosen) =>
    chosen?.text().then((text) => {
      area.value = text;
      accept();
    });
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    read(event.dataTransfer.files[0]);
  });
  const chooser = make("input", { type: "file", accept: ".csv,.tsv,.txt,.json", class: "unseen" });
  chooser.addEventListener("change", () => read(chooser.files?.[0]));
  const open = make("label", { class: "file" }, say("open-data"), chooser);
  return make("div", { class: "control" }, box, open);
}
