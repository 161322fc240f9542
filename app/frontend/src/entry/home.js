// The home page, light or dark as the reader chose on any page; all else there is plain HTML.
// It runs before anything is drawn, so that no page flashes in the other colors.

import { makeTheme, makeThemeTool } from "../controls/theme.js";

const theme = makeTheme(document.documentElement);
const themeTool = makeThemeTool(theme, { class: "theme" });
theme.apply();
addEventListener("DOMContentLoaded", () => document.querySelector("main")?.prepend(themeTool));
