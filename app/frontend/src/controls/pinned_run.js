// A run is pinned; the next one is drawn over it, and a small table says what differs.

import { make, passFocus, setText } from "../lib/dom.js";
import { show } from "../lib/number_format.js";
import { rescaled } from "../lib/axis_scale.js";
import { lastGood } from "../canvas/primitives.js";
import { runsOf } from "./pin.js";
import { swatch } from "../canvas/markers.js";
import { say } from "../i18n/en.js";

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
 * @param {object} page
 * @param {ArrayOf} page.array
 * @param {HTMLElement} page.box
 * @param {(held: boolean) => void} page.changed hears whether a run is pinned
 */
export function makePinned(lesson, { array, box, changed }) {
  /** @typedef {Ghost & { scales: PlaneSpec["scales"] }} Kept */
  /** @type {(Pinned & { ghosts: Kept[], state: Changes }) | null} */
  let pinned = null;
  /** @type {Ghost[]} */
  let drawn = [];
  const head = make("h2", {}, say("pinned"));
  const drop = make(
    "button",
    { type: "button", class: "plain unpin", onclick: () => (passFocus(box), pin.clear()) },
    say("unpin"),
  );
  const settings = make("p", { class: "changed" });
  const table = make("table", {});
  box.replaceChildren(head, drop, settings, table);
  const fields = lesson.controls.flatMap((group) => group.controls);
  const called = new Map(fields.map(({ field, label }) => [field, label]));

  /**
   * @param {"th" | "td"} tag
   * @param {string[]} texts
   */
  const cells = (tag, texts) => make("tr", {}, ...texts.map((text) => make(tag, {}, text)));

  const pin = {
    /** @returns {Ghost[]} */
    ghosts: () => drawn,
    held: () => Boolean(pinned),
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
      changed(true);
    },
    clear() {
      pinned = null;
      drawn = [];
      box.hidden = true;
      changed(false);
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
      const different = Object.keys(state).filter(
        (name) =>
          !["k", "answers"].includes(name) &&
          JSON.stringify(state[name]) !== JSON.stringify(before.state[name]),
      );
      /** @param {string} name */
      const changeOf = (name) =>
        `${called.get(name) ?? name}: ${worded(before.state[name])} → ${worded(state[name])}`;
      setText(
        settings,
        different.length ? different.map(changeOf).join("; ") : say("nothing-changed"),
      );
      const { head: names, rows } = compared(before, answer, array, lesson);
      const lines = rows.map(({ style, cells: texts }) => {
        const row = cells("td", texts);
        row.firstElementChild?.prepend(swatch(style, lesson.styles[style], { signs: ["symbol"] }));
        return row;
      });
      table.hidden = !rows.length;
      table.replaceChildren(make("thead", {}, cells("th", names)), make("tbody", {}, ...lines));
    },
  };
  return pin;
}
