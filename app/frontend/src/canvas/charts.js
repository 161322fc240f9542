// Where charts stand. What draws them is fetched when there is one.

import { make } from "../lib/dom.js";
import { say } from "../i18n/en.js";

/**
 * @param {Model} model
 * @param {{ palette: Palette, theme: () => string | undefined, busy: () => boolean }} page
 */
export function makeCharts(model, page) {
  const box = make("section", {
    class: "charts",
    "data-part": "charts",
    "aria-label": say("charts"),
    hidden: true,
  });
  /** @type {Chart[]} */
  let wanted = [];
  /** @type {ReturnType<typeof import("./plotly_charts.js").drawCharts> | undefined} */
  let drawn;
  let fetching = false;

  async function fetchDrawer() {
    fetching = true;
    try {
      const { drawCharts } = await import("./plotly_charts.js");
      drawn = drawCharts(box, model, { ...page, say });
      drawn.update(wanted);
    } catch {
      fetching = false; // the next answer tries again
    }
  }

  return {
    box,
    /** @param {Chart[]} charts */
    update(charts = []) {
      wanted = charts;
      if (box.hidden !== !charts.length) box.hidden = !charts.length;
      if (drawn) drawn.update(charts);
      else if (charts.length && !fetching) void fetchDrawer();
    },
    redraw: () => drawn?.redraw(),
    stop: () => drawn?.stop(),
  };
}
