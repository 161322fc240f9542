// A symbol in the text or in a formula lights what it stands for in the picture, and back: while
// the pointer (or the focus) is on one of them, all else on the planes steps back.

export function makeLights(root, { lights = {} }, { palette, redraw }) {
  const inksOf = new Map(Object.entries(lights));
  const symbols = [...root.querySelectorAll(".words mi, .words mo, .formulas mi, .formulas mo")]
    .filter((element) => inksOf.has(element.textContent));
  symbols.forEach((element) => element.classList.add("lights"));
  let shown = "";

  function light(inks) {
    const key = inks.join();
    if (key === shown) return;
    shown = key;
    for (const element of symbols) {
      const lit = inksOf.get(element.textContent).some((ink) => inks.includes(ink));
      element.classList.toggle("lit", lit);
    }
    palette.light(inks.length ? inks : null);
    redraw();
  }

  const inksAt = (target) => {
    const symbol = target.closest?.(".lights");
    if (symbol) return inksOf.get(symbol.textContent);
    const named = target.closest?.("[data-ink]");
    return named ? [named.dataset.ink] : [];
  };
  const over = (event) => event.buttons || light(inksAt(event.target));
  const out = () => light([]);
  root.addEventListener("pointerover", over);
  root.addEventListener("focusin", over);
  root.addEventListener("pointerleave", out);
  return () => {
    for (const type of ["pointerover", "focusin"]) root.removeEventListener(type, over);
    root.removeEventListener("pointerleave", out);
  };
}
