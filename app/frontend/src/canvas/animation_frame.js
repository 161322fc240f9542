// At most one drawing a frame, however many events asked for it.

/** @param {(time: number) => void} draw */
export function makeFrame(draw) {
  let wanted = 0;
  return {
    request() {
      if (!wanted) wanted = requestAnimationFrame((time) => ((wanted = 0), draw(time)));
    },
    stop() {
      cancelAnimationFrame(wanted);
      wanted = 0;
    },
    waiting: () => wanted !== 0,
  };
}
