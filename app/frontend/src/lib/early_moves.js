// A browser keeps a pointer's moves until its next frame. Where it also says them as they come
// (pointerrawupdate), a move is heard up to a frame sooner, and so its answer can be drawn sooner.

/**
 * @param {HTMLElement} element
 * @param {(event: PointerEvent) => void} act is told of each place once
 * @returns {() => void} ends it
 */
export function listenMoves(element, act) {
  let [x, y] = [NaN, NaN];
  /** @param {Event} event */
  const hear = (event) => {
    const move = /** @type {PointerEvent} */ (event);
    if (move.clientX === x && move.clientY === y) return; // heard already
    [x, y] = [move.clientX, move.clientY];
    act(move);
  };
  const kinds = ["pointerrawupdate", "pointermove"];
  for (const kind of kinds) element.addEventListener(kind, hear);
  return () => kinds.forEach((kind) => element.removeEventListener(kind, hear));
}
