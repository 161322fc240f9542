// The few lines of DOM that everything else is made of. Text and attributes are written only when
// they change: a write that changes nothing still costs a layout while a handle is dragged.

let nextId = 0;

export const freshId = (stem) => `natgrad-${stem}-${++nextId}`;

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

export function drawing(markup, box = "0 0 16 16", name = "icon") {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg class="${name}" viewBox="${box}" aria-hidden="true">${markup}</svg>`;
  return holder.content.firstChild;
}

export function setText(element, text) {
  if (element.firstChild?.nodeType === 3 && !element.firstChild.nextSibling) {
    if (element.firstChild.data !== text) element.firstChild.data = text;
  } else element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
