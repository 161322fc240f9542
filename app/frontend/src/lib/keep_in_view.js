// On a narrow page the picture sticks to the top of the screen and the numbers that show a claim to
// its bottom: the claim that is pressed is scrolled to between them.

/** @param {HTMLElement} element */
export function keepInView(element) {
  const [top, bottom] = [".sticky", ".numbers"].map((name) => {
    const part = element.closest(".natgrad")?.querySelector(name);
    const sticks = part && getComputedStyle(part).position === "sticky";
    return sticks ? part.getBoundingClientRect().height : 0;
  });
  element.style.scrollMargin = `${top}px 0 ${bottom}px`;
  element.scrollIntoView({ block: "nearest" });
  element.style.scrollMargin = "";
}
