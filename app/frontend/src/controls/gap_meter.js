// The invariance meter: how far the run in θ and the run in x, mapped back, lie apart. One row a
// rule, on a log scale on which 0.3 and 0.03 are clearly two lengths; rounding is no bar at all.

import { make, setAttribute, setText } from "../lib/dom.js";
import { power, show } from "../lib/number_format.js";
import { styleVar } from "../canvas/colors.js";
import { swatch } from "../canvas/markers.js";
import { hideLines } from "./hidden_answers.js";
import { say } from "../i18n/en.js";

const LOWEST = -4; // 10⁻⁴: what is less cannot be seen in the picture
const ROUNDING = 1e-9;

/** @param {unknown} gap */
const part = (gap) => {
  if (typeof gap !== "number" || Number.isNaN(gap)) return 0;
  if (gap <= ROUNDING) return 0;
  return Math.max(0.5, Math.min(100, (100 * (Math.log10(gap) - LOWEST)) / -LOWEST));
};

/**
 * @param {LessonData} lesson
 * @param {() => void} onshown the reader asked to see it, and its room is another now
 */
export function makeMeter(lesson, onshown) {
  /** @type {Map<string, ReturnType<typeof row>>} */
  const rows = new Map();
  const list = make("div", { class: "rows", role: "list" });
  const marks = [-4, -3, -2, -1, 0].map((e) =>
    make("span", { style: `left:${(100 * (e - LOWEST)) / -LOWEST}%` }, e ? power(e) : "1"),
  );
  const reading = make(
    "div",
    {},
    list,
    make("div", { class: "scale", "aria-hidden": "true" }, ...marks),
  );
  const box = make(
    "section",
    { class: "meter", "data-part": "meter", "aria-label": say("meter") },
    make("h2", {}, lesson.meter),
    reading,
  );
  const answers = hideLines(box, new Map([["meter", reading]]), lesson.words, {
    label: say("show-meter"),
    onshown,
  });

  /** @param {MeterRow} entry */
  function row({ rule, style }) {
    const parts = {
      name: make("span", { class: "name" }),
      fill: make("span", { class: "fill" }),
      number: make("span"),
      word: make("span"),
      note: make("p", { class: "note", hidden: true }),
    };
    const bar = make("span", { class: "bar", "aria-hidden": "true" }, parts.fill);
    const { name, number, word, note } = parts;
    const line = make(
      "div",
      { class: "line" },
      swatch(style, lesson.styles[style], { signs: ["symbol"] }),
      name,
      make("span", { class: "figure" }, number),
      make("span", { class: "word" }, word),
      bar,
    );
    const element = make(
      "div",
      { class: "entry", role: "listitem", "data-rule": rule },
      line,
      note,
    );
    parts.fill.style.background = `var(${styleVar(style)}, var(--text))`;
    return { ...parts, element };
  }

  return {
    box,
    /** Whether what it reads would answer an open question. */
    hidden: () => !box.hidden && answers.hiding("meter"),
    /** @param {string[]} shows what a sentence speaks of: the reader asks to see it */
    reveal: (shows) => answers.reveal(shows) && onshown(),
    /** @param {Pick<Answer, "meter" | "notes" | "revealed">} answer */
    update({ meter = [], notes = {}, revealed = {} }) {
      const other = box.hidden !== !meter.length;
      if (other) box.hidden = !meter.length;
      const changed = answers.answered(Object.keys(revealed)) || other;
      const order = meter.map((entry) => {
        const r = rows.get(entry.rule) ?? row(entry);
        rows.set(entry.rule, r);

        setText(r.name, lesson.styles[entry.style]?.label ?? entry.rule);
        const known = typeof entry.gap === "number";
        setText(r.number, known ? show(entry.gap, 2) : (entry.text ?? "–"));
        setText(r.word, entry.word ?? "");
        r.fill.style.scale = `${(part(entry.gap) / 100).toFixed(3)} 1`;
        setAttribute(r.element, "data-gap", entry.gap ?? "");
        setAttribute(r.element, "data-word", entry.word ?? "");
        const note = notes[entry.rule] ?? "";
        setText(r.note, note);
        if (r.note.hidden !== !note) r.note.hidden = !note;
        return r.element;
      });
      const now = [...list.children];
      if (now.length !== order.length || now.some((e, i) => e !== order[i]))
        list.replaceChildren(...order);
      return changed; // the room of its neighbors is another then
    },
  };
}

// The meter's readings in words: "plain: gap 0.31, its two runs differ".
/**
 * @param {Pick<Answer, "meter">} answer
 * @param {LessonData} lesson
 */
export const readingsOf = ({ meter = [] }, lesson) =>
  meter.map(({ style, rule, gap, text, word }) => {
    const number = typeof gap === "number" ? show(gap, 2) : text;
    return `${lesson.styles[style]?.label ?? rule}: ${[number, word].filter(Boolean).join(", ")}`;
  });
