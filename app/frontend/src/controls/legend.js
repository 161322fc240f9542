// The legend: what solid and dashed mean, and whose color is whose. Built from the traces shown;
// what a dash means, the answer says in `dash_labels`.

import { make } from "../lib/dom.js";
import { makeScale, scalesOf } from "../canvas/color_scale.js";
import { swatch } from "../canvas/markers.js";
import { say } from "../i18n/en.js";

// Whose styles are runs, which of them end in an open symbol only, whose are something else and what,
// which dashes mean something, and what the colors of maps mean.
/**
 * @param {LessonData} lesson
 * @param {Pick<Answer, "traces" | "dash_labels">} answer
 */
export function legendOf(lesson, { traces, dash_labels = {} }) {
  const paths = traces.filter((trace) => trace.kind === "path");
  const rules = [...new Set(paths.map((trace) => trace.style))];
  const filled = new Set(
    paths.filter((trace) => trace.dash !== "dashed").map((trace) => trace.style),
  );
  const open = rules.filter((style) => !filled.has(style));
  /** @type {Map<string, string>} */
  const rest = new Map();
  for (const { kind, style, name, colors } of traces) {
    if (
      name &&
      !colors &&
      lesson.styles[style] &&
      !rules.includes(style) &&
      kind !== "lines" &&
      kind !== "bands"
    ) {
      rest.set(style, name);
    }
  }
  const drawn = traces.filter(({ kind }) => kind === "path" || kind === "curve");
  const dashes = [...new Set(drawn.map((trace) => trace.dash ?? "solid"))].filter(
    (d) => dash_labels[d],
  );
  return { rules, open, rest: [...rest], dashes, scales: scalesOf(traces) };
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
      const { dash_labels = {} } = answer;
      const { rules, open, rest, dashes, scales } = legendOf(lesson, answer);
      const key = JSON.stringify([rules, open, rest, dashes, scales, dash_labels]);
      if (key === shown) return;
      shown = key;
      /**
       * @param {Node} mark
       * @param {string} text
       * @param {string} [style]
       */
      const item = (mark, text, style) =>
        make("span", { role: "listitem", "data-style": style }, mark, text);
      /** @param {string} style */
      const mark = (style) =>
        swatch(style, lesson.styles[style], { line: false, dashed: open.includes(style) });
      box.replaceChildren(
        ...rules.map((style) => item(mark(style), lesson.styles[style]?.label ?? style, style)),
        ...rest.map(([style, name]) =>
          item(swatch(style, { ...lesson.styles[style] }, { line: false }), name, style),
        ),
        ...dashes.map((dash) => item(make("span", { class: `key ${dash}` }), dash_labels[dash])),
        ...scales.map(makeScale),
      );
    },
  };
}
