// Whether the reader drags something. An answer may be there before the next move of the pointer: that
// is no rest, and what is written or drawn only at rest waits.

const STILL = 100; // ms without a move, after which a pointer that is held rests

/**
 * @param {HTMLElement} root
 * @param {() => void} onStill the drag has ended, or rests
 */
export function makeDragging(root, onStill) {
  let held = false;
  /** @type {ReturnType<typeof setTimeout> | 0} */
  let timer = 0; // while it moves
  const hold = () => (held = true);
  function still() {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    onStill();
  }
  function move() {
    if (!held) return;
    clearTimeout(timer);
    timer = setTimeout(still, STILL);
  }
  function drop() {
    held = false;
    still();
  }
  root.addEventListener("pointerdown", hold, { capture: true });
  root.addEventListener("pointermove", move, { capture: true });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, drop, { capture: true });
  return {
    now: () => timer !== 0,
    stop() {
      clearTimeout(timer);
      timer = 0;
      root.removeEventListener("pointerdown", hold, { capture: true });
      root.removeEventListener("pointermove", move, { capture: true });
      for (const end of ["pointerup", "pointercancel"])
        removeEventListener(end, drop, { capture: true });
    },
  };
}
