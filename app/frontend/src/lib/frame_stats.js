// What tests and the bench read: when frames were drawn, when an ask was on the canvas.

const FRAMES = 4000;

export function makeStats() {
  /** @type {{ frames: number[], drawn: Record<string, number> }} */
  const record = { frames: [], drawn: {} };
  let first = true;
  return {
    record,
    /**
     * @param {number} now
     * @param {number | null | undefined} ask the ask whose answer was drawn
     * @param {boolean} visible
     */
    frame(now, ask, visible) {
      record.frames.push(now);
      if (record.frames.length > FRAMES) record.frames.splice(0, FRAMES / 2);
      if (ask !== undefined) {
        record.drawn[String(ask)] = performance.now();
      }
      if (!first || !visible) return;
      first = false; // drawn; a frame later it is on the screen
      requestAnimationFrame(() => performance.mark("natgrad:first-picture"));
    },
    // Resolves in the first frame in which nothing is asked, awaited or waiting to be drawn.
    /**
     * @param {() => boolean} quiet
     * @returns {Promise<void>}
     */
    settled(quiet) {
      return new Promise((resolve) => {
        const look = () => (quiet() ? resolve() : requestAnimationFrame(look));
        look();
      });
    },
  };
}
