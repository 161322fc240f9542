// The lecturer's keys: space plays, comma and full stop step, l loops.

export function listenKeys(root, transport, { whole }) {
  function typing(target, key) {
    if (target.matches?.("textarea, select, [contenteditable=true]")) return true;
    if (target.matches?.("input.number")) return key !== " "; // no number has a space in it
    return target.matches?.("input") && !["range", "checkbox", "radio"].includes(target.type);
  }
  const acts = {
    " ": () => transport.toggle(),
    ",": () => transport.step(-1),
    ".": () => transport.step(1),
    l: () => transport.flipLoop(),
  };
  function listen(event) {
    const { target, key } = event;
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      typing(target, key)
    )
      return;
    if (!root.contains(target) && !(whole && target === document.body)) return;
    const presses = target.matches?.(
      "button, input[type=checkbox], input[type=radio], [role=button], a",
    );
    if (!acts[key] || (key === " " && presses)) return; // there the space bar has a meaning already
    acts[key]();
    event.preventDefault();
    event.stopPropagation(); // a notebook has its own use for these keys
  }
  const place = whole ? document : root;
  place.addEventListener("keydown", listen);
  return () => place.removeEventListener("keydown", listen);
}
