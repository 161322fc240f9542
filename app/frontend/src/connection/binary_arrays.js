// The answer's one binary buffer, as typed arrays that look into it without copying.

const TYPES = {
  f4: Float32Array,
  f8: Float64Array,
  u4: Uint32Array,
  i4: Int32Array,
  u1: Uint8Array,
};

/**
 * @param {Answer["buffers"]} buffers
 * @param {DataView | ArrayBuffer | null} data
 * @param {Map<string, Numbers>} seen those that are known already, by name
 * @returns {ArrayOf}
 */
export function makeArrays(buffers = {}, data = null, seen = new Map()) {
  return function array(name = "") {
    const known = seen.get(name);
    if (known) return known;
    const place = buffers[name];
    if (!place || !data) return undefined;
    const [kind, shape, offset] = place;
    const Kind = TYPES[kind];
    const length = shape.reduce((product, n) => product * n, 1);
    const memory = /** @type {ArrayBuffer} */ ("buffer" in data ? data.buffer : data);
    const start = ("byteOffset" in data ? data.byteOffset : 0) + offset;
    /** @type {Numbers} */
    const view =
      start % Kind.BYTES_PER_ELEMENT === 0
        ? new Kind(memory, start, length)
        : new Kind(memory.slice(start, start + length * Kind.BYTES_PER_ELEMENT)); // not aligned
    seen.set(name, view);
    return view;
  };
}
