// The numbers of what is on the screen, as tables: the arrays that are drawn, with every digit that
// they have (they are single floats; the script gives the runs in full).

// The shortest decimal that is this single float.
/**
 * @typedef {object} Data
 * @property {LessonData} lesson
 * @property {Answer} answer
 * @property {ArrayOf} array
 * @property {string} caption
 * @property {string} link
 * @property {number} k
 */

/** @param {number} value */
export function digits(value) {
  if (!Number.isFinite(value)) return null;
  for (let places = 6; places < 9; places++) {
    const rounded = Number(value.toPrecision(places));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}

/**
 * @param {Numbers} numbers
 * @param {number} width
 */
const rowsOf = (numbers, width) =>
  Array.from({ length: numbers.length / width }, (_, i) =>
    Array.from(numbers.subarray(width * i, width * (i + 1)), digits),
  );

/** @type {Record<string, number>} */
const WIDTHS = { points: 2, shapes: 6 }; // numbers in a row of these parts of a trace
const LINES = new Set(["path", "curve", "points"]);

// Numbers in the text at step k: plain ones, series, and the row of the table that this step has.
/**
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
 * @param {Trace} trace
 * @param {ArrayOf} array
 * @param {LessonData} lesson
 */
function traceOf(trace, array, lesson) {
  /** @type {Record<string, unknown>} */
  const found = { ...trace, label: lesson.inks[trace.ink]?.label ?? trace.ink };
  for (const [part, name] of Object.entries(trace)) {
    const numbers = typeof name === "string" ? array(name) : undefined;
    if (!numbers) continue;
    const width = trace.kind === "arrows" ? 4 : (WIDTHS[part] ?? 1);
    found[part] = width > 1 ? rowsOf(numbers, width) : Array.from(numbers, digits);
  }
  if (trace.values) {
    found.values = Object.fromEntries(
      Object.entries(trace.values).map(([name, of]) => [name, Array.from(array(of) ?? [], digits)]),
    );
  }
  return found;
}

/** @param {Data} data */
export function asJson({ lesson, answer, array, caption, link, k }) {
  const { state, planes, meter = [], notes = {}, description, traces, values } = answer;
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
      planes: planes.map(({ name, title, labels, view }) => ({ name, title, labels, view })),
      traces: traces.map((trace) => traceOf(trace, array, lesson)),
    },
    null,
    1,
  );
}

/** @param {unknown} value */
const quoted = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
};

// A row a point of every path, curve and set of points, in drawing order.
/** @param {Pick<Data, "lesson" | "answer" | "array">} data */
export function asCsv({ lesson, answer, array }) {
  const planes = new Map(answer.planes.map((plane) => [plane.name, plane]));
  const lines = answer.traces.filter(({ kind }) => LINES.has(kind));
  /** @param {Trace} trace */
  const valuesOf = (trace) => /** @type {Record<string, string>} */ (trace.values ?? {});
  const extra = [...new Set(lines.flatMap((trace) => Object.keys(valuesOf(trace))))];
  /** @type {unknown[][]} */
  const rows = [
    ["plane", "first", "second", "kind", "what", "way", "step", "at_first", "at_second", ...extra],
  ];
  for (const trace of lines) {
    const { title, labels } = planes.get(trace.plane) ?? { title: "", labels: [] };
    const label = lesson.inks[trace.ink]?.label ?? trace.ink;
    const points = array(trace.points);
    const columns = extra.map((name) => array(valuesOf(trace)[name]));
    for (let i = 0; points && i < points.length / 2; i++) {
      rows.push([
        title,
        ...labels,
        trace.kind,
        label,
        trace.name,
        i,
        digits(points[2 * i]),
        digits(points[2 * i + 1]),
        ...columns.map((numbers) => (numbers && i < numbers.length ? digits(numbers[i]) : null)),
      ]);
    }
  }
  return rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}
