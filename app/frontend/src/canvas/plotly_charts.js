// Charts that are read slowly, drawn by Plotly, which is fetched when the first of them is seen: from
// our server, or in a notebook over the widget's own line. Each has its numbers in a table. A page
// fetches this module, too, when it has a chart, and lends it the page's words.

import { keyed, make, setAttribute, setText } from "../lib/dom.js";
import { show } from "../lib/number_format.js";

const BETWEEN = 250; // ms between drawings: a chart is read, not played
const CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset" };

/** @type {Promise<any> | null} */
let loading = null;

/** @typedef {typeof import("../i18n/en.js").say} Say */

/**
 * @param {string} src
 * @param {Say} say
 * @returns {Promise<any>}
 */
function run(src, say) {
  return new Promise((resolve, reject) => {
    const script = make("script", { src });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(say("no-script")));
    document.head.append(script);
  });
}

// A notebook has no server that could send the script: the kernel sends it, once for each page.
/**
 * @param {Model} model
 * @returns {Promise<Blob>}
 */
function fetched(model) {
  return new Promise((resolve) => {
    /** @type {Heard} */
    const receive = (content, buffers) => {
      if (content?.script !== "plotly") return;
      model.off("msg:custom", receive);
      resolve(new Blob([/** @type {any} */ (buffers[0])], { type: "text/javascript" }));
    };
    model.on("msg:custom", receive);
    model.send({ script: "plotly" });
  });
}

/**
 * @param {Model} model
 * @param {Say} say
 */
function loadPlotly(model, say) {
  loading ??= (
    model.asset
      ? run(model.asset("plotly.js"), say)
      : fetched(model).then((blob) => run(URL.createObjectURL(blob), say))
  ).catch((error) => {
    loading = null; // another chart may try again
    throw error;
  });
  return loading;
}

// The figure with its styles as colors.
/**
 * @param {any} part
 * @param {Palette} palette
 * @returns {any}
 */
function styled(part, palette) {
  if (typeof part === "string")
    return part.startsWith("style:") ? palette.color(part.slice(6)) : part;
  if (Array.isArray(part)) {
    return typeof part[0] === "number" ? part : part.map((each) => styled(each, palette));
  }
  if (!part || typeof part !== "object") return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, styled(value, palette)]),
  );
}

/**
 * @param {any} layout
 * @param {{ palette: Palette, size: number, width: number, height: number }} page
 */
function dressed(layout, { palette, size, width, height }) {
  const [text, soft, rule] = ["text", "soft", "rule"].map((name) => palette.color(name));
  /** @param {any} own */
  const axis = (own) => ({
    gridcolor: rule,
    linecolor: soft,
    zerolinecolor: rule,
    tickcolor: rule,
    ticks: "outside",
    automargin: true,
    ...own,
    title: { standoff: 6, ...own?.title },
  });
  return {
    width,
    height,
    autosize: false,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 8, r: 12, t: 8, b: 8 },
    hovermode: "closest",
    hoverlabel: { bgcolor: palette.color("paper"), bordercolor: soft, font: { color: text } },
    showlegend: true,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, bgcolor: "rgba(0,0,0,0)" },
    uirevision: "kept", // a zoom outlives the next answer
    ...layout,
    font: { color: text, size, family: getComputedStyle(document.body).fontFamily },
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
  };
}

/** @param {unknown} value */
const cell = (value) =>
  value === null ? "–" : typeof value === "number" ? show(value, 4) : String(value);

/**
 * @param {HTMLElement} element
 * @param {import("../protocol").Table} table
 */
function fill(element, { head, rows }) {
  /**
   * @param {unknown[]} cells
   * @param {"th" | "td"} tag
   */
  const row = (cells, tag) =>
    make("tr", {}, ...cells.map((c, i) => make(i ? tag : "th", {}, cell(c))));
  element.replaceChildren(
    make("thead", {}, row(head, "th")),
    make("tbody", {}, ...rows.map((cells) => row(cells, "td"))),
  );
}

/**
 * The elements of a chart, and what was last drawn in them.
 *
 * @typedef {object} ChartParts
 * @property {HTMLElement} element
 * @property {HTMLElement} title
 * @property {HTMLElement} plot
 * @property {HTMLTableElement} table
 * @property {HTMLDetailsElement} folded
 * @property {HTMLElement} trouble
 * @property {Chart | null} chart
 * @property {string} drawn
 * @property {string} [shownTable]
 * @property {boolean} seen
 *
 * @param {Say} say
 * @returns {ChartParts}
 */
function makeChart(say) {
  const title = make("figcaption");
  const plot = make("div", { class: "plot", role: "img" });
  const table = make("table");
  const folded = make("details", {}, make("summary", {}, say("numbers")));
  const trouble = make("p", { class: "wrong", hidden: true });
  const element = make("figure", { class: "chart" }, title, plot, trouble, folded);
  return { element, title, plot, table, folded, trouble, chart: null, drawn: "", seen: false };
}

/**
 * @param {HTMLElement} box
 * @param {Model} model
 * @param {{ palette: Palette, theme: () => string | undefined, busy: () => boolean, say: Say }} page
 */
export function drawCharts(box, model, { palette, theme, busy, say }) {
  /** @type {Map<string, ChartParts>} */
  const held = new Map(); // name → its parts
  /** @type {ReturnType<typeof setTimeout> | 0} */
  let timer = 0;
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const found = [...held.values()].find((each) => each.element === target);
      if (found) found.seen = isIntersecting;
    }
    later(0);
  });
  const sizes = new ResizeObserver(() => {
    for (const { element } of held.values()) keyed(element); // a wide table
    later(60);
  });

  /** @param {Chart} chart */
  function adopt(chart) {
    const parts = held.get(chart.name) ?? makeChart(say);
    if (!held.has(chart.name)) {
      held.set(chart.name, parts);
      setAttribute(parts.element, "data-chart", chart.name);
      box.append(parts.element);
      watcher.observe(parts.element);
      for (const part of [parts.element, parts.plot, parts.table]) sizes.observe(part);
    }

    parts.element.hidden = false;
    setText(parts.title, chart.title);
    setAttribute(parts.plot, "aria-label", chart.say);
    if (parts.plot.hidden !== !chart.figure) parts.plot.hidden = !chart.figure;
    const table = JSON.stringify(chart.table ?? null);
    if (table !== parts.shownTable) {
      parts.shownTable = table;
      if (chart.table) fill(parts.table, chart.table);
      if (chart.figure) parts.folded.append(parts.table);
      else parts.element.append(parts.table);
      parts.folded.hidden = !(chart.figure && chart.table);
    }
    parts.chart = chart;
  }

  function later(rest = BETWEEN) {
    if (!timer) timer = setTimeout(() => ((timer = 0), draw()), rest);
  }

  /** @returns {Promise<void>} */
  async function draw() {
    if (busy()) return later(); // the reader comes first
    for (const parts of held.values()) {
      const { chart, plot, trouble, seen, element } = parts;
      if (!chart?.figure || !seen || element.hidden) continue;
      const width = Math.round(plot.clientWidth);
      const height = Math.round(plot.clientHeight);
      const key = JSON.stringify([chart.figure, width, height, theme()]);
      if (key === parts.drawn || !width) continue;
      try {
        const plotly = await loadPlotly(model, say);
        const size = parseFloat(getComputedStyle(plot).fontSize);
        const { data, layout } = styled(chart.figure, palette);
        await plotly.react(plot, data, dressed(layout, { palette, size, width, height }), CONFIG);
        parts.drawn = key;
        element.dataset.drawn = "yes";
        trouble.hidden = true;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        setText(trouble, say("no-chart", { reason }));
        trouble.hidden = false;
        parts.folded.open = true;
      }
    }
  }

  return {
    /** @param {Chart[]} charts */
    update(charts) {
      const names = new Set(charts.map((chart) => chart.name));
      for (const [name, parts] of held) if (!names.has(name)) parts.element.hidden = true;
      charts.forEach(adopt);
      if (charts.length) later();
    },
    redraw: () => held.size && later(0),
    stop() {
      clearTimeout(timer);
      watcher.disconnect();
      sizes.disconnect();
      for (const { plot, drawn } of held.values()) if (drawn) window.Plotly?.purge(plot);
    },
  };
}
