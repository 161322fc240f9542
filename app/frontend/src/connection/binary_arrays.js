// The answer's one binary buffer, as typed arrays that look into it without copying.

const TYPES = {
  f4: Float32Array,
  f8: Float64Array,
  u4: Uint32Array,
  i4: Int32Array,
  u1: Uint8Array,
};

export function makeArrays(buffers = {}, data = null) {
  const seen = new Map();
  return function array(name) {
    if (seen.has(name)) return seen.get(name);
    const place = buffers[name];
    if (!place || !data) return undefined;
    const [kind, shape, offset] = place;
    const Kind = TYPES[kind];
    const length = shape.reduce((product, n) => product * n, 1);
    const memory = data.buffer ?? data;
    const start = (data.byteOffset ?? 0) + offset;
    const view =
      start % Kind.BYTES_PER_ELEMENT === 0
        ? new Kind(memory, start, length)
        : new Kind(memory.slice(start, start + length * Kind.BYTES_PER_ELEMENT)); // not aligned
    seen.set(name, view);
    return view;
  };
}
