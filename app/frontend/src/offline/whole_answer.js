// The picture that is shown, with all its arrays: an answer leaves out those that the page has.

/** @type {Record<string, import("../protocol").ArrayKind>} */
const KINDS = {
  Float32Array: "f4",
  Uint32Array: "u4",
  Uint8Array: "u1",
};

/**
 * @param {Answer} answer
 * @param {ArrayOf} array
 * @returns {{ buffers: Answer["buffers"], bytes: Uint8Array }}
 */
export function wholeArrays(answer, array) {
  const named = answer.traces.flatMap((trace) =>
    Object.values(trace).filter((value) => typeof value === "string"),
  );
  const names = new Set([...Object.keys(answer.buffers), ...(answer.held?.names ?? []), ...named]);
  /** @type {Answer["buffers"]} */
  const buffers = {};
  /** @type {[Uint8Array, number][]} */
  const parts = [];
  let size = 0;
  for (const name of names) {
    const numbers = array(name);
    if (!numbers) continue;
    buffers[name] = [KINDS[numbers.constructor.name], [numbers.length], size];
    parts.push([new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), size]);
    size += 8 * Math.ceil(numbers.byteLength / 8);
  }
  const bytes = new Uint8Array(size);
  for (const [part, at] of parts) bytes.set(part, at);
  return { buffers, bytes };
}

/**
 * Whether a state holds what the reader typed or pasted: that is theirs, and is not kept.
 *
 * @param {LessonData} lesson
 * @param {Changes} values
 * @param {Changes} given those that the lesson opens with
 */
export const isTheirs = (lesson, values, given) =>
  lesson.controls
    .flatMap(({ controls }) => controls)
    .some(
      ({ kind, field }) =>
        kind === "text" && JSON.stringify(values[field]) !== JSON.stringify(given[field]),
    );
