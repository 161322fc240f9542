// The arrays of a picture that the class sends once: the page is set up again in another language,
// or later than its first picture came, and needs them then.

/** @typedef {Answer["buffers"][string]} Place */

/**
 * @param {Place} place
 * @returns {number}
 */
const sizeOf = ([kind, shape]) => shape.reduce((product, n) => product * n, Number(kind[1]));

export function makeOutlines() {
  /** @type {Map<string, { place: Place, bytes: Uint8Array }>} */
  let held = new Map();
  return {
    /**
     * Keep the outlines of the picture that is shown.
     *
     * @param {Answer} answer
     * @param {DataView | undefined} data
     */
    take({ traces, buffers }, data) {
      /** @type {typeof held} */
      const now = new Map();
      for (const trace of traces) {
        if (!trace.cache) continue;
        for (const name of Object.values(trace)) {
          const place = typeof name === "string" ? buffers[name] : undefined;
          const known = held.get(String(name));
          if (place && data) {
            const start = data.byteOffset + place[2];
            const bytes = new Uint8Array(data.buffer.slice(start, start + sizeOf(place)));
            now.set(String(name), { place, bytes });
          } else if (known) now.set(String(name), known);
        }
      }
      held = now;
    },

    /**
     * The picture with all its arrays.
     *
     * @param {Answer} answer
     * @param {DataView | undefined} data
     * @returns {[Answer, DataView]}
     */
    whole(answer, data) {
      const missing = [...held].filter(([name]) => !(name in answer.buffers));
      let size = Math.ceil((data?.byteLength ?? 0) / 8) * 8;
      /** @type {Answer["buffers"]} */
      const buffers = { ...answer.buffers };
      for (const [name, { place, bytes }] of missing) {
        buffers[name] = [place[0], place[1], size];
        size += Math.ceil(bytes.length / 8) * 8;
      }
      const all = new Uint8Array(size);
      if (data) all.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      for (const [name, { bytes }] of missing) all.set(bytes, buffers[name][2]);
      return [{ ...answer, buffers }, new DataView(all.buffer)];
    },
  };
}
