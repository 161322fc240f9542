// The legend: what solid and dashed mean, and whose color is whose. Built from the traces shown.

import { make } from "./dom.js";
import { swatch } from "./symbols.js";

const WAYS = { solid: "run in θ", dashed: "run in x, mapped back" };

export function makeLegend(lesson) {
  const box = make("div", { class: "legend", role: "list", "aria-label": "legend" });
  let shown = "";
  return {
    box,
    update({ traces }) {
      const paths = traces.filter((trace) => trace.kind === "path");
      const rules = [...new Set(paths.map((trace) => trace.ink))];
      const rest = new Map();
      for (const { kind, ink, name } of traces) {
        if (
          name &&
          lesson.inks[ink] &&
          !rules.includes(ink) &&
          kind !== "lines" &&
          kind !== "bands"
        ) {
          rest.set(ink, name);
        }
      }
      const dashes = [...new Set(paths.map((trace) => trace.dash ?? "solid"))];
      const key = JSON.stringify([rules, [...rest], dashes]);
      if (key === shown) return;
      shown = key;
      const item = (mark, text) => make("span", { role: "listitem" }, mark, text);
      box.replaceChildren(
        ...rules.map((ink) =>
          item(swatch(ink, lesson.inks[ink], { line: false }), lesson.inks[ink]?.label ?? ink),
        ),
        ...[...rest].map(([ink, name]) =>
          item(swatch(ink, { ...lesson.inks[ink] }, { line: false }), name),
        ),
        ...dashes.map((dash) => item(make("span", { class: `key ${dash}` }), WAYS[dash] ?? dash)),
      );
    },
  };
}
