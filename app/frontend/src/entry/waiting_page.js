// The waiting line: the page asks again by itself and stays as it is, so that who reads it or hears
// it is not thrown back to its beginning. The answer that lets us in is the lesson's own page, with
// its kernel: it takes this one's place as it came, for a second request would need a second place.

const script = /** @type {HTMLScriptElement} */ (document.currentScript);
const EVERY = 1_000 * Number(script.dataset.again); // ms
// Holds our place; a restarted server gives another.
let ticket = script.dataset.ticket ?? "";

// A proxy whose server restarts answers 502 or 504: the page stays, and asks again.
async function ask() {
  const answer = await fetch(location.href, {
    cache: "no-store",
    headers: { "natgrad-ticket": ticket },
  });
  const html = await answer.text();
  if (answer.status < 500) {
    document.open();
    document.write(html);
    document.close();
    return;
  }
  const line = new DOMParser().parseFromString(html, "text/html");
  document.title = line.title;
  /** @type {HTMLElement | null} */
  const named = line.querySelector("[data-ticket]");
  ticket = named?.dataset.ticket ?? ticket;
  const [place, there] = [document, line].map((page) => page.querySelector("strong"));
  if (place && there && place.textContent !== there.textContent)
    place.textContent = there.textContent;
  setTimeout(again, EVERY);
}

/** @returns {Promise<unknown>} */
const again = () => ask().catch(() => setTimeout(again, EVERY)); // a lost line is asked again

setTimeout(again, EVERY);
