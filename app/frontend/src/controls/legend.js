// The legend: what solid and dashed mean, and whose color is whose. Built from the traces shown;
// what a dash means, the answer says in `dash_labels`.

import { make } from "../lib/dom.js";
import { makeScale, scalesOf } from "../canvas/color_scale.js";
import { signsOf, swatch } from "../canvas/markers.js";
import { show } from "../lib/number_format.js";
import { say } from "../i18n/en.js";

// A key for each style that is named, runs first, drawn as its traces are; which dashes mean
// something, and what the colors of maps and of the ground mean.
/**
 * @param {LessonData} lesson
 * @param {Pick<Answer, "traces" | "dash_labels">} answer
 */
export function legendOf(lesson, { traces, dash_labels = {} }) {
  const paths = traces.filter((trace) => trace.kind === "path");
  const runs = new Set(paths.map((trace) => trace.style));
  /** @type {Map<string, string>} */
  const names = new Map([...runs].map((style) => [style, lesson.styles[style]?.label ?? style]));
  for (const { kind, style, name, colors } of traces) {
    if (
      name &&
      !colors &&
      lesson.styles[style] &&
      !runs.has(style) &&
      kind !== "lines" &&
      kind !== "bands"
    ) {
      names.set(style, name);
    }
  }
  const keys = [...names].map(([style, text]) => {
    const own = traces.filter((trace) =>
      runs.has(style)
        ? trace.style === style && (trace.kind === "path" || trace.kind === "area")
        : trace.style === style && trace.name === text,
    );
    const drawn = own.filter(({ kind }) => kind === "path" || kind === "curve");
    const dashed = drawn.length > 0 && drawn.every((trace) => trace.dash === "dashed");
    /** @type {KeyLook} */
    const look = {
      signs: signsOf(own.map(({ kind }) => kind)),
      symbol: own.find((trace) => trace.symbol)?.symbol ?? lesson.styles[style]?.symbol,
      dashed,
      open: dashed && runs.has(style),
    };
    return { style, text, look };
  });
  const drawn = traces.filter(({ kind }) => kind === "path" || kind === "curve");
  const dashes = [...new Set(drawn.map((trace) => trace.dash ?? "solid"))].filter(
    (d) => dash_labels[d],
  );
  const grounds = traces.flatMap(({ label, levels }) =>
    levels ? [[label, ...levels.map((value) => show(value, 2))].join("\n")] : [],
  );
  const ground = [...new Set(grounds)].map((text) => text.split("\n"));
  return { keys, dashes, ground, scales: scalesOf(traces) };
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
      const { keys, dashes, ground, scales } = legendOf(lesson, answer);
      const key = JSON.stringify([keys, dashes, ground, scales, dash_labels]);
      if (key === shown) return;
      shown = key;
      /**
       * @param {Node} mark
       * @param {string} text
       * @param {string} [style]
       */
      const item = (mark, text, style) =>
        make("span", { role: "listitem", "data-style": style }, mark, text);
      box.replaceChildren(
        ...keys.map(({ style, text, look }) =>
          item(swatch(style, lesson.styles[style], look), text, style),
        ),
        ...dashes.map((dash) => item(make("span", { class: `key ${dash}` }), dash_labels[dash])),
        ...ground.map(([label, low, high]) =>
          make(
            "span",
            { role: "listitem" },
            `${label}: ${low}`,
            make("span", { class: "bands" }),
            high,
          ),
        ),
        ...scales.map(makeScale),
      );
    },
  };
}
