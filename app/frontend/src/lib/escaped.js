/**
 * Words as HTML or XML has them, between tags or in a quoted attribute.
 *
 * @param {unknown} text
 */
export const escaped = (text) => String(text).replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
