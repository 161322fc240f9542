// At most one drawing a frame, however many events asked for it.

const FRAME = 12; // ms: no screen shows a drawing that another follows sooner

/** @param {(time: number) => void} draw */
export function makeFrame(draw) {
  let wanted = 0;
  let last = -Infinity; // when it was drawn
  /** @param {number} time */
  const now = (time) => {
    wanted = 0;
    last = performance.now();
    draw(time);
  };
  const request = () => {
    wanted ||= requestAnimationFrame(now);
  };
  const stop = () => {
    cancelAnimationFrame(wanted);
    wanted = 0;
  };
  return {
    request,
    stop,
    waiting: () => wanted !== 0,
    // The next frame shows it all the same, and has less to do: most of the time until then nothing
    // else is done.
    soon() {
      const time = performance.now();
      if (document.hidden || time - last < FRAME) return request();
      stop();
      now(time);
    },
  };
}
