// The legend: what solid and dashed mean, and whose color is whose. Built from the traces shown;
// what a dash means, the answer says in `ways`.

import { make } from "../lib/dom.js";
import { swatch } from "../canvas/markers.js";
import { say } from "../i18n/en.js";

// Whose inks are runs, which of them end in an open symbol only, whose are something else and what,
// and which dashes mean something.
/**
 * @param {LessonData} lesson
 * @param {Pick<Answer, "traces" | "ways">} answer
 */
export function legendOf(lesson, { traces, ways = {} }) {
  const paths = traces.filter((trace) => trace.kind === "path");
  const rules = [...new Set(paths.map((trace) => trace.ink))];
  const filled = new Set(
    paths.filter((trace) => trace.dash !== "dashed").map((trace) => trace.ink),
  );
  const open = rules.filter((ink) => !filled.has(ink));
  /** @type {Map<string, string>} */
  const rest = new Map();
  for (const { kind, ink, name } of traces) {
    if (name && lesson.inks[ink] && !rules.includes(ink) && kind !== "lines" && kind !== "bands") {
      rest.set(ink, name);
    }
  }
  const drawn = traces.filter(({ kind }) => kind === "path" || kind === "curve");
  const dashes = [...new Set(drawn.map((trace) => trace.dash ?? "solid"))].filter((d) => ways[d]);
  return { rules, open, rest: [...rest], dashes };
}

/** @param {LessonData} lesson */
export function makeLegend(lesson) {
  const box = make("div", {
    class: "legend",
    "data-part": "legend",
    role: "list",
    "aria-label": say("legend"),
  });
  let shown = "";
  return {
    box,
    /** @param {Answer} answer */
    update(answer) {
      const { ways = {} } = answer;
      const { rules, open, rest, dashes } = legendOf(lesson, answer);
      const key = JSON.stringify([rules, open, rest, dashes, ways]);
      if (key === shown) return;
      shown = key;
      /**
       * @param {Node} mark
       * @param {string} text
       * @param {string} [ink]
       */
      const item = (mark, text, ink) =>
        make("span", { role: "listitem", "data-ink": ink }, mark, text);
      /** @param {string} ink */
      const mark = (ink) =>
        swatch(ink, lesson.inks[ink], { line: false, dashed: open.includes(ink) });
      box.replaceChildren(
        ...rules.map((ink) => item(mark(ink), lesson.inks[ink]?.label ?? ink, ink)),
        ...rest.map(([ink, name]) =>
          item(swatch(ink, { ...lesson.inks[ink] }, { line: false }), name, ink),
        ),
        ...dashes.map((dash) => item(make("span", { class: `key ${dash}` }), ways[dash])),
      );
    },
  };
}
