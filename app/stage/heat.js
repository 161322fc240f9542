// A map of numbers from 0 to 1 as colors: a small image, stretched over its place on the plane.
// What is not a number (a run that was thrown out) is hatched by every other pixel of the ink.

const images = new WeakMap(); // the numbers -> {theme, image}

function paint(cells, width, height, ramp, none) {
  const image = document.createElement("canvas");
  image.width = width;
  image.height = height;
  const context = image.getContext("2d");
  const data = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const value = cells[i];
    const row = height - 1 - Math.floor(i / width); // the first row is the lowest
    const at = 4 * (row * width + (i % width));
    const [r, g, b] = Number.isNaN(value)
      ? none
      : ramp[Math.max(0, Math.min(255, Math.round(value * 255)))];
    data.data.set([r, g, b, 255], at);
  }
  context.putImageData(data, 0, 0);
  return image;
}

export function drawHeat(ctx, { cells, size, box }, { array, palette, place, theme }) {
  const numbers = array(cells);
  if (!numbers) return;
  const kept = images.get(numbers);
  const image =
    kept?.theme === theme
      ? kept.image
      : paint(numbers, size[1], size[0], palette.ramp(), palette.none());
  images.set(numbers, { theme, image });
  const [x0, x1, y0, y1] = box;
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(image, place.x(x0), place.y(y1), place.x(x1) - place.x(x0), place.y(y0) - place.y(y1));
}
