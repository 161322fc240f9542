// Every color the canvas needs, read from the style sheet once a theme.

const BANDS = ["--band-low", "--band-high"]; // lightness chroma hue, even steps in OKLCH

export function makePalette(root, inks) {
  let colors = new Map();
  let lit = null; // inks that stand out; the others step back
  let ends = [];

  function read() {
    const style = getComputedStyle(root);
    const dark = root.dataset.theme === "dark";
    for (const [name, ink] of Object.entries(inks)) {
      root.style.setProperty(`--ink-${name}`, dark ? ink.dark : ink.light);
    }
    const names = ["paper", "ink", "grid", "contour", "axis", "start"];
    colors = new Map(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    for (const [name, ink] of Object.entries(inks)) colors.set(name, dark ? ink.dark : ink.light);
    ends = BANDS.map((name) => style.getPropertyValue(name).trim().split(/\s+/).map(Number));
  }

  return {
    read,
    color(name) {
      const color = colors.get(name) ?? colors.get("ink");
      if (!lit || !(name in inks) || lit.has(name)) return color;
      return `color-mix(in srgb, ${color} 22%, ${colors.get("paper")})`;
    },
    light: (names) => (lit = names && new Set(names)),
    // Lines of the ground are drawn thinly, whatever their ink: the runs stand out before them.
    faint: (name) => (name in inks ? 0.3 : 1),
    ink: (name) => inks[name] ?? {},
    // Lowest loss deepest, highest loss paper: what lies beyond the last band joins it unseen.
    band(index, count) {
      const part = count > 1 ? index / (count - 1) : 0;
      const [l, c, h] = ends[0].map((low, i) => low + (ends[1][i] - low) * part);
      return `oklch(${l.toFixed(4)} ${c.toFixed(4)} ${h.toFixed(1)})`;
    },
  };
}
