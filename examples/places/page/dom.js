/**
 * Creates an element: `element("p", { className: "hint" }, "text", child)`. `role` and dashed names are attributes.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ [name: string]: unknown }} properties
 * @param {(string | Node)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  }
  made.append(...children);
  return made;
}

/**
 * Header of a sheet: its title and a close button.
 * @param {string} title
 * @param {string} closeText
 * @param {HTMLDialogElement} sheet
 */
export function sheetHead(title, closeText, sheet) {
  const close = element("button", { type: "button", className: "plain" }, closeText);
  close.addEventListener("click", () => sheet.close());
  return element("header", {}, element("h2", {}, title), close);
}
