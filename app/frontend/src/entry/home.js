// The home page, light or dark as the reader chose on any page; all else there is plain HTML.
// It runs before anything is drawn, so that no page flashes in the other colors.

import { makeTheme, makeThemeTool } from "../controls/theme.js";
import { fetchWords, setLanguage, wishedLanguage } from "../i18n/language.js";

const { lang } = document.documentElement;
const words = fetchWords(lang);

// No server chooses the language of an exported page: its English file leads to the others.
/** @type {NodeListOf<HTMLLinkElement>} */
const others = document.querySelectorAll("link[rel=alternate][hreflang]");
const elsewhere = Object.fromEntries([...others].map((link) => [link.hreflang, link.href]));
const wished = wishedLanguage({ languages: [lang, ...Object.keys(elsewhere)] }, true);
if (wished in elsewhere) location.replace(elsewhere[wished] + location.hash);

const theme = makeTheme(document.documentElement);
theme.apply();
addEventListener("DOMContentLoaded", async () => {
  await words;
  setLanguage(lang);
  const tool = makeThemeTool(theme, { class: "theme" });
  theme.apply(); // now on the tool, too
  document.querySelector("main")?.prepend(tool);
});

// A server's page is kept for a time without the server; an exported page is a file already.
const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
const keep = async () => (await import(new URL("offline.js", src).href)).keepAsItIs();
if (src && navigator.serviceWorker)
  addEventListener("load", () => setTimeout(() => keep().catch(() => {}), 2_000));
