// A run is pinned; the next one is drawn over it, and a small table says what differs.

import { make, setText } from "../lib/dom.js";
import { show } from "../lib/number_format.js";
import { rescaled } from "../lib/axis_scale.js";
import { lastGood, trail } from "../canvas/primitives.js";
import { swatch } from "../canvas/markers.js";
import { say } from "../i18n/en.js";

// Under the living layer: the pinned paths of this plane, faint, and where they end.
/**
 * @param {Pen} ctx
 * @param {Ghost[]} ghosts
 * @param {Drawing} look
 */
export function drawGhosts(ctx, ghosts, { palette, place, weight, plane }) {
  ctx.globalAlpha = 0.4;
  ctx.lineCap = "butt";
  for (const { trace, points } of ghosts) {
    if (trace.plane !== plane) continue;
    ctx.beginPath();
    trail(ctx, points, 0, points.length / 2 - 1, place);
    ctx.strokeStyle = palette.color("text");
    ctx.lineWidth = 5 * weight;
    ctx.setLineDash([]);
    ctx.globalAlpha = 0.16;
    ctx.stroke();
    ctx.strokeStyle = palette.color(trace.style);
    ctx.lineWidth = 1.4 * weight;
    ctx.setLineDash(trace.dash === "dashed" ? [2 * weight, 4 * weight] : []);
    ctx.globalAlpha = 0.7;
    ctx.stroke();
    const end = lastGood(points);
    ctx.beginPath();
    ctx.arc(place.x(points[2 * end]), place.y(points[2 * end + 1]), 6 * weight, 0, 2 * Math.PI);
    ctx.setLineDash([]);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  ctx.lineCap = "round";
}

/** @param {Trace} trace */
const keyOf = ({ plane, rule, style, name, dash }) =>
  [plane, rule ?? style, dash ?? "solid", name].join("|");

/**
 * The numbers of a trace by name, an array with one for each of its points.
 *
 * @param {Trace} trace
 * @param {ArrayOf} array
 * @returns {[string, Numbers][]}
 */
const numbersOf = ({ values, read = [] }, array) =>
  Object.entries({ ...values, ...Object.fromEntries(read) }).flatMap(([name, of]) => {
    const numbers = array(of);
    return numbers ? [/** @type {[string, Numbers]} */ ([name, numbers])] : [];
  });

/**
 * What a run comes to: where it was last with a loss, and its numbers there.
 *
 * @param {Trace} trace
 * @param {ArrayOf} array
 */
function endOf(trace, array) {
  const points = array(trace.points) ?? new Float32Array(2).fill(NaN);
  const series = numbersOf(trace, array);
  let last = lastGood(points);
  while (last > 0 && series.some(([, all]) => Number.isNaN(all[last]))) last--; // it left the domain
  const numbers = Object.fromEntries(series.map(([name, all]) => [name, all[last]]));
  return { at: [points[2 * last], points[2 * last + 1]], numbers };
}

/**
 * The runs of a picture: its paths, or where it has none the curves whose points can be read, one
 * start of each. The first plane that a run is drawn in says where it is.
 *
 * @param {Trace[]} traces
 * @returns {Map<string, Trace>}
 */
export function runsOf(traces) {
  const paths = traces.filter(({ kind }) => kind === "path");
  const curves = traces.filter(({ kind, read, faint }) => kind === "curve" && read && !faint);
  const found = new Map();
  for (const trace of paths.length ? paths : curves) {
    const own = trace.kind === "curve" ? trace.name : "";
    const run = [trace.rule ?? trace.style, trace.dash ?? "solid", own].join("|");
    if (!found.has(run)) found.set(run, trace);
  }
  return found;
}

/**
 * @typedef {object} Pinned
 * @property {Map<string, ReturnType<typeof endOf>>} ends
 * @property {MeterRow[]} meter
 *
 * @param {Pick<Answer, "traces" | "meter">} answer
 * @param {ArrayOf} array
 * @returns {Pinned}
 */
export const pinnedOf = ({ traces, meter = [] }, array) => ({
  ends: new Map([...runsOf(traces)].map(([run, trace]) => [run, endOf(trace, array)])),
  meter,
});

/**
 * @param {Pick<Answer, "planes">} answer
 * @param {Trace} trace
 */
const scalesOf = ({ planes }, trace) => planes.find(({ name }) => name === trace.plane)?.scales;

/**
 * A number of a run; a loss that single floats have no room for is infinite.
 *
 * @param {number | undefined} value
 */
const worth = (value) => {
  if (value === undefined || Number.isNaN(value)) return "–";
  return Number.isFinite(value) ? show(value, 4) : "∞";
};

/**
 * The pinned runs beside those of now, as a table: each number before and now, and how far apart
 * two runs end on a plane whose axes have one unit.
 *
 * @param {Pinned} before
 * @param {Pick<Answer, "traces" | "planes" | "meter">} answer
 * @param {ArrayOf} array
 * @param {LessonData} lesson
 * @returns {{ head: string[], rows: { style: string, cells: string[] }[] }}
 */
export function compared(before, { traces, planes, meter = [] }, array, lesson) {
  const graphs = new Set(planes.filter(({ scales }) => scales).map(({ name }) => name));
  const lines = [...runsOf(traces)].map(([run, trace]) => {
    const [old, now] = [before.ends.get(run), endOf(trace, array)];
    const label = lesson.styles[trace.style]?.label ?? trace.style;
    const apart =
      old && !graphs.has(trace.plane)
        ? Math.hypot(now.at[0] - old.at[0], now.at[1] - old.at[1])
        : undefined;
    const name = trace.name.startsWith(label) ? trace.name : `${label}, ${trace.name}`;
    return { style: trace.style, name, old: old?.numbers, now: now.numbers, apart };
  });
  const names = [...new Set(lines.flatMap(({ now }) => Object.keys(now)))];
  const far = lines.some(({ apart }) => apart !== undefined);
  const drawn = lines.filter(({ now, apart }) => Object.keys(now).length || apart !== undefined);
  const rows = drawn.map(({ style, name, old, now, apart }) => ({
    style,
    cells: [
      name,
      ...names.map((each) => (each in now ? `${worth(old?.[each])} → ${worth(now[each])}` : "")),
      ...(far ? [worth(apart)] : []),
    ],
  }));
  const head = [
    say("run"),
    ...names.map((name) => say("pinned-now", { name: name === "loss" ? say("loss") : name })),
    ...(far ? [say("ends-apart")] : []),
  ];
  const gaps = meter.map(({ rule, style, gap }) => {
    const old = before.meter.find((entry) => entry.rule === rule)?.gap;
    const name = `${lesson.styles[style]?.label ?? rule}, ${lesson.meter.toLowerCase()}`;
    const texts = [old, gap].map((value) => (typeof value === "number" ? show(value, 2) : "–"));
    const empty = head.slice(2).map(() => "");
    return { style, cells: [name, texts.join(" → "), ...empty] };
  });
  return { head, rows: [...rows, ...gaps] };
}

// A setting in words; what is a list has its entries in short.
/**
 * @param {unknown} value
 * @returns {string}
 */
function worded(value) {
  if (Array.isArray(value)) return value.map(worded).join(", ");
  return typeof value === "number" ? show(value) : String(value ?? "–");
}

/**
 * @param {LessonData} lesson
 * @param {{ array: ArrayOf }} page
 */
export function makePin(lesson, { array }) {
  /** @typedef {Ghost & { scales: PlaneSpec["scales"] }} Kept */
  /** @type {(Pinned & { ghosts: Kept[], state: Changes }) | null} */
  let pinned = null;
  /** @type {Ghost[]} */
  let drawn = [];
  const head = make("h2", {}, say("pinned"));
  const drop = make(
    "button",
    { type: "button", class: "plain unpin", onclick: () => pin.clear() },
    say("unpin"),
  );
  const settings = make("p", { class: "changed" });
  const table = make("table", {});
  const box = make(
    "section",
    { class: "pinned", "aria-label": say("pinned"), hidden: true },
    head,
    drop,
    settings,
    table,
  );
  /** @type {(held: boolean) => void} */
  let onchange = () => {};
  const fields = lesson.controls.flatMap((group) => group.controls);
  const called = new Map(fields.map(({ field, label }) => [field, label]));

  /**
   * @param {"th" | "td"} tag
   * @param {string[]} texts
   */
  const cells = (tag, texts) => make("tr", {}, ...texts.map((text) => make(tag, {}, text)));

  const pin = {
    box,
    /** @returns {Ghost[]} */
    ghosts: () => drawn,
    held: () => Boolean(pinned),
    /** @param {(held: boolean) => void} listener */
    onchange: (listener) => (onchange = listener),
    /** @param {Answer} answer */
    set(answer) {
      const runs = new Set([...runsOf(answer.traces).values()].map(({ kind }) => kind));
      const traces = answer.traces.filter(
        ({ kind, read }) => runs.has(kind) && (read || kind === "path"),
      );
      pinned = {
        ...pinnedOf(answer, array),
        ghosts: traces.map((trace) => ({
          key: keyOf(trace),
          trace,
          scales: scalesOf(answer, trace),
          points: (array(trace.points) ?? new Float32Array()).slice(),
        })),
        state: answer.state,
      };
      pin.update(answer);
      onchange(true);
    },
    clear() {
      pinned = null;
      drawn = [];
      box.hidden = true;
      onchange(false);
    },
    /** @param {Answer} answer */
    update(answer) {
      if (!pinned) return;
      const { state } = answer;
      const before = pinned;
      // A graph's axes reach as far as its runs: what is pinned stays at its numbers.
      drawn = before.ghosts.map((ghost) => ({
        ...ghost,
        points: rescaled(ghost.points, ghost.scales, scalesOf(answer, ghost.trace)),
      }));
      box.hidden = false;
      const changed = Object.keys(state).filter(
        (name) =>
          !["k", "answers"].includes(name) &&
          JSON.stringify(state[name]) !== JSON.stringify(before.state[name]),
      );
      /** @param {string} name */
      const changeOf = (name) =>
        `${called.get(name) ?? name}: ${worded(before.state[name])} → ${worded(state[name])}`;
      setText(settings, changed.length ? changed.map(changeOf).join("; ") : say("nothing-changed"));
      const { head: names, rows } = compared(before, answer, array, lesson);
      const lines = rows.map(({ style, cells: texts }) => {
        const row = cells("td", texts);
        row.firstElementChild?.prepend(swatch(style, lesson.styles[style], { line: false }));
        return row;
      });
      table.hidden = !rows.length;
      table.replaceChildren(make("thead", {}, cells("th", names)), make("tbody", {}, ...lines));
    },
  };
  return pin;
}
