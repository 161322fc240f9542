// Points painted on a plane: a press puts one down, a stroke more of them, a finger's width apart.
// Each ask has the whole stroke so far, for the newest ask is the only one that is sure to be sent.

const APART = 9; // px

export function makeBrush(frame, { field, placeOf, ask }) {
  let stroke = null;
  let last = null;
  const put = (event) => {
    last = [event.offsetX, event.offsetY];
    stroke.push(placeOf(event));
    ask({ [field()]: stroke });
  };
  frame.addEventListener("pointerdown", (event) => {
    if (!field() || event.button > 0 || event.target.tagName !== "CANVAS") return;
    event.target.setPointerCapture(event.pointerId);
    stroke = [];
    put(event);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!stroke || !field()) return;
    if (Math.hypot(event.offsetX - last[0], event.offsetY - last[1]) >= APART) put(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, () => (stroke = null));
  }
}
