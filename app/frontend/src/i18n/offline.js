// What a page says that opens without its server: the kept picture, and the list of what is kept.

/** @type {Record<string, Record<string, string>>} */
const OFFLINE = {
  en: {
    kept: "The server cannot be reached. This is the last picture that was shown here: you can read, play its steps and save it. What you change is drawn once the server answers.",
    title: "The server cannot be reached",
    "not-kept": "This page was not opened in this browser before, so it is not kept.",
    "other-state":
      "Of this lesson another state is kept than the one that the link names. The link works again once the server answers.",
    "kept-here": "These pages are kept in this browser:",
    "none-kept": "No page is kept in this browser.",
    again: "Try again",
  },
  es: {
    kept: "No se puede contactar con el servidor. Esta es la última figura que se mostró aquí: puede leer, reproducir sus pasos y guardarla. Lo que cambie se dibujará cuando el servidor vuelva a responder.",
    title: "No se puede contactar con el servidor",
    "not-kept":
      "Esta página no se había abierto antes en este navegador, así que no está guardada.",
    "other-state":
      "De esta lección está guardado otro estado que el que indica el enlace. El enlace volverá a funcionar cuando el servidor responda.",
    "kept-here": "Estas páginas están guardadas en este navegador:",
    "none-kept": "No hay ninguna página guardada en este navegador.",
    again: "Intentarlo de nuevo",
  },
  zh: {
    kept: "无法连接服务器。这是这里显示过的最后一幅图：您可以阅读、播放各步并保存它。您所做的改动会在服务器恢复应答后画出。",
    title: "无法连接服务器",
    "not-kept": "此页面以前没有在本浏览器中打开过，因此没有保存。",
    "other-state":
      "本浏览器保存的是这一课的另一个状态，不是链接所指的状态。服务器恢复应答后，链接即可使用。",
    "kept-here": "本浏览器保存了以下页面：",
    "none-kept": "本浏览器没有保存任何页面。",
    again: "重试",
  },
};

/**
 * @param {string} language
 * @param {string} key
 */
export const say = (language, key) => (OFFLINE[language] ?? OFFLINE.en)[key];

/** @param {readonly string[]} wished */
export const languageOf = (wished) =>
  wished.map((name) => name.split("-")[0]).find((name) => name in OFFLINE) ?? "en";
