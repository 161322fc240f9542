// Light or dark: the reader's choice, else JupyterLab's, else the system's.

const KEY = "natgrad-theme";
const CHOICES = ["system", "light", "dark"];

function remembered() {
  try {
    const choice = localStorage.getItem(KEY);
    return CHOICES.includes(choice) ? choice : "system";
  } catch {
    return "system"; // storage may be forbidden
  }
}

export function makeTheme(root) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print"); // paper is white
  const listeners = [];
  let choice = remembered();

  function apply() {
    const lab = document.body.dataset.jpThemeLight; // JupyterLab says "true" or "false"
    const dark = choice === "system" ? (lab ? lab === "false" : system.matches) : choice === "dark";
    root.dataset.theme = dark && !print.matches ? "dark" : "light";
    listeners.forEach((listener) => listener(choice));
  }

  const watcher = new MutationObserver(apply);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  for (const query of [system, print]) query.addEventListener("change", apply);
  return {
    apply,
    current: () => root.dataset.theme,
    onchange: (listener) => listeners.push(listener),
    next() {
      choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
      try {
        localStorage.setItem(KEY, choice);
      } catch {
        // then it holds for this visit
      }
      apply();
    },
    stop() {
      watcher.disconnect();
      for (const query of [system, print]) query.removeEventListener("change", apply);
    },
  };
}
