// The lesson as one widget, for anywidget and for our own pages: set up once a language.

import { fetchWords, setLanguage, wishedLanguage } from "./i18n/language.js";
import { mount } from "./page/mount.js";
import { uuid } from "./connection/jupyter_comm.js";

/**
 * Resolve once the element is on the page: JupyterLab on a busy machine may ask for the picture
 * before its cell is there, where colors and sizes are known.
 *
 * @param {HTMLElement} el
 * @returns {Promise<void>}
 */
function placed(el) {
  return new Promise((resolve) => {
    const observer = new ResizeObserver(() => {
      if (!el.isConnected) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(el);
  });
}

/** @param {{ model: Model, el: HTMLElement }} widget */
export async function render({ model, el }) {
  if (!el.isConnected) await placed(el);
  const view = uuid(); // a notebook may show one widget in several places
  let stop = () => {};

  /**
   * The lesson in one language, whose words are at hand; in another one it is set up again, with
   * the same state.
   *
   * @param {LessonData} lesson
   * @param {Reply} first
   * @param {DataView | undefined} arrays
   * @param {string} language
   */
  function open(lesson, first, arrays, language = lesson.language) {
    stop();
    setLanguage(lesson.language);
    stop = mount({ model, el, view, lesson, first, arrays, language, translated: open });
  }

  /** @type {LessonData} */
  const lesson = model.get("lesson");
  const language = model.saved ? lesson.language : wishedLanguage(lesson, Boolean(model.link));
  await fetchWords(lesson.language);
  open(lesson, model.get("first"), model.get("arrays"), language);
  return () => stop();
}

export default { render };
