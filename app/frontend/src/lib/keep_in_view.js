// On a narrow page the picture sticks to the top of the screen and the numbers that show a claim to
// its bottom: the claim that is pressed is scrolled to between them. On a wide one it is the text
// that sticks: the picture is scrolled to.

/** @param {HTMLElement} element */
export function keepInView(element) {
  const root = element.closest(".natgrad");
  const [picture, numbers] = [".sticky", ".numbers"].map((name) => root?.querySelector(name));
  const [top, bottom] = [picture, numbers].map((part) =>
    part && sticks(part) ? part.getBoundingClientRect().height : 0,
  );
  element.style.scrollMargin = `${top}px 0 ${bottom}px`;
  element.scrollIntoView({ block: "nearest" });
  element.style.scrollMargin = "";
  if (picture && !sticks(picture)) picture.scrollIntoView({ block: "nearest" });
}

/** @param {Element} part */
const sticks = (part) => getComputedStyle(part).position === "sticky";
