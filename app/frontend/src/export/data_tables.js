// What is on the screen as numbers of the axes, in tables: every digit that the drawn positions have
// (they are single floats; the script gives the runs in full).

import { placeOf, valueAt } from "../lib/axis_scale.js";

/**
 * @typedef {object} Data
 * @property {LessonData} lesson
 * @property {Answer} answer
 * @property {ArrayOf} array
 * @property {string} caption
 * @property {string} link
 * @property {number} k
 */

/**
 * The shortest decimal that is this single float.
 *
 * @param {number} value
 */
export function digits(value) {
  if (!Number.isFinite(value)) return null;
  for (let places = 6; places < 9; places++) {
    const rounded = Number(value.toPrecision(places));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}

/**
 * The number that an axis has at a position: the shortest decimal that is drawn there. Without a
 * scale the position is the number.
 *
 * @param {number} at a single float
 * @param {import("../lib/axis_scale.js").Scale | undefined} scale
 */
export function axisNumber(at, scale) {
  if (!scale) return digits(at);
  const value = valueAt(at, scale);
  if (!Number.isFinite(value)) return null;
  /** @param {number} v */
  const placed = (v) => Math.fround(placeOf(v, scale));
  if (placed(0) === at) return 0;
  for (let places = 1; places < 9; places++) {
    const rounded = Number(value.toPrecision(places));
    if (placed(rounded) === at) return rounded;
  }
  return Number(value.toPrecision(9));
}

/**
 * Positions as rows of numbers of a plane's axes: first and second in turn.
 *
 * @param {Numbers} points
 * @param {number} width
 * @param {PlaneSpec | undefined} plane
 * @param {number[] | null} [map] from the array to the plane
 */
function placesOf(points, width, plane, map) {
  const [a, b, c, d, e, f] = map ?? [1, 0, 0, 1, 0, 0];
  return Array.from({ length: Math.floor(points.length / width) }, (_, row) => {
    const found = [];
    for (let i = width * row; i < width * (row + 1); i += 2) {
      const [x, y] = [points[i], points[i + 1]];
      const at = map ? [a * x + b * y + e, c * x + d * y + f].map(Math.fround) : [x, y];
      found.push(axisNumber(at[0], plane?.scales?.[0]), axisNumber(at[1], plane?.scales?.[1]));
    }
    return found;
  });
}

/**
 * @param {Numbers} numbers
 * @param {number} width
 */
const rowsOf = (numbers, width) =>
  Array.from({ length: numbers.length / width }, (_, i) =>
    Array.from(numbers.subarray(width * i, width * (i + 1)), digits),
  );

const SHAPE = 6; // numbers of an ellipse
const LINES = new Set(["path", "curve", "points", "data"]);

/**
 * What turns an array into positions on its plane; on a model's it holds numbers of the axes.
 *
 * @param {Trace} trace
 * @param {PlaneSpec | undefined} plane
 */
const mapped = ({ map }, plane) =>
  plane?.model ? { plane: undefined, map: null } : { plane, map };

/**
 * Numbers in the text at step k: plain ones, series, and the row of the table that this step has.
 *
 * @param {Answer} answer
 * @param {ArrayOf} array
 * @param {number} k
 */
function numbersAt({ numbers = {} }, array, k) {
  /** @type {string[]} */
  const names = numbers["@"] ?? [];
  const table = array("live");
  const row = table ? Math.min(k, table.length / names.length - 1) * names.length : 0;
  /** @type {Record<string, unknown>} */
  const found = {};
  for (const [name, value] of Object.entries(numbers)) {
    if (name === "@") continue;
    if (name.startsWith("@")) found[name.slice(1)] = value[Math.min(k, value.length - 1)];
    else found[name] = value;
  }
  names.forEach((name, i) => table && (found[name] = digits(table[row + i])));
  return found;
}

/**
 * Arrays beside the points of a trace, by what they are.
 *
 * @param {Trace} trace
 * @returns {Record<string, string>}
 */
const besides = ({ values, read = [] }) => ({ ...values, ...Object.fromEntries(read) });

/**
 * @param {Trace} trace
 * @param {ArrayOf} array
 * @param {LessonData} lesson
 * @param {PlaneSpec | undefined} plane
 */
function traceOf(trace, array, lesson, plane) {
  const { map: _, ...rest } = trace;
  const on = mapped(trace, plane);
  /** @type {Record<string, unknown>} */
  const found = { ...rest, label: lesson.styles[trace.style]?.label ?? trace.style };
  for (const [part, name] of Object.entries(trace)) {
    const numbers = typeof name === "string" ? array(name) : undefined;
    if (!numbers) continue;
    if (part === "points")
      found[part] = placesOf(numbers, trace.kind === "arrows" ? 4 : 2, on.plane, on.map);
    else if (part === "shapes") found[part] = rowsOf(numbers, SHAPE);
    else found[part] = Array.from(numbers, digits);
  }
  if (trace.base !== undefined) {
    found.base = axisNumber(Math.fround(trace.base), plane?.scales?.[1]);
  }
  const more = Object.entries(besides(trace));
  delete found.read;
  if (more.length) {
    found.values = Object.fromEntries(
      more.map(([name, of]) => [name, Array.from(array(of) ?? [], digits)]),
    );
  }
  return found;
}

/** @param {PlaneSpec} plane */
function planeOf({ name, title, labels, view, scales }) {
  if (!scales) return { name, title, labels, view };
  const window = scales.flatMap(([low, high]) => [low, high]);
  return { name, title, labels, view: window, logarithmic: scales.map(([, , log]) => log) };
}

/** @param {Data} data */
export function asJson({ lesson, answer, array, caption, link, k }) {
  const { state, planes, meter = [], notes = {}, description, traces, values } = answer;
  /** @param {Trace} trace */
  const planeAt = (trace) => planes.find(({ name }) => name === trace.plane);
  return JSON.stringify(
    {
      lesson: lesson.name,
      title: lesson.title,
      caption,
      link,
      state: { ...state, k },
      values,
      description,
      meter,
      notes,
      numbers: numbersAt(answer, array, k),
      planes: planes.map(planeOf),
      traces: traces.map((trace) => traceOf(trace, array, lesson, planeAt(trace))),
    },
    null,
    1,
  );
}

const MARK = "\ufeff"; // by which a spreadsheet knows UTF-8
const FORMULA = /^[=+\-@\t\r]/; // what a spreadsheet would compute

/**
 * A cell: a number as it is; a text quoted where it must be, and never a formula.
 *
 * @param {unknown} value
 */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value).replace(FORMULA, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/**
 * The points of every path, curve and set of points, in drawing order: one table a plane, below its
 * title, with the axes' names at the head of their columns. Empty lines stand between the tables.
 *
 * @param {Pick<Data, "lesson" | "answer" | "array" | "caption" | "link">} data
 */
export function asCsv({ lesson, answer, array, caption, link }) {
  /** @type {unknown[][]} */
  const rows = [
    ["# lesson", lesson.title],
    ["# state", link],
  ];
  if (caption) rows.push(["# caption", caption]);
  for (const plane of answer.planes) {
    const lines = answer.traces.filter((t) => t.plane === plane.name && LINES.has(t.kind));
    if (!lines.length) continue;
    const extra = [...new Set(lines.flatMap((trace) => Object.keys(besides(trace))))];
    rows.push([], ["# plane", plane.title]);
    rows.push(["kind", "what", "way", "step", ...plane.labels, ...extra]);
    for (const trace of lines) {
      const label = lesson.styles[trace.style]?.label ?? trace.style;
      const columns = extra.map((name) => array(besides(trace)[name]));
      const on = mapped(trace, plane);
      placesOf(array(trace.points) ?? new Float32Array(), 2, on.plane, on.map).forEach((at, i) =>
        rows.push([
          trace.kind,
          label,
          trace.name,
          i,
          ...at,
          ...columns.map((numbers) => (numbers && i < numbers.length ? digits(numbers[i]) : null)),
        ]),
      );
    }
  }
  return MARK + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
