/** @typedef {HTMLElementTagNameMap} Tags */
/** @typedef {Node | string | null | undefined} Child */

/**
 * Creates an element with properties and children. Strings become text nodes, so server data cannot inject markup.
 * @template {string} T
 * @param {T} tag with classes after dots, such as `p.note`
 * @param {Record<string, any>} [properties] `on…` are listeners
 * @param {...(Child | Child[])} children
 * @returns {T extends keyof Tags ? Tags[T] : T extends `${infer Name extends keyof Tags}.${string}` ? Tags[Name] : HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const [name = "", ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element) Object.assign(element, { [key]: value });
    else element.setAttribute(key, value);
  }
  return /** @type {any} */ (replace(element, ...children));
}

/**
 * @template {Element} E
 * @param {E} parent
 * @param {...(Child | Child[])} children
 */
export function replace(parent, ...children) {
  const given = children.flat().filter((child) => child !== null && child !== undefined);
  parent.replaceChildren(...given);
  return parent;
}

/** @param {unknown} error what people read of it */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
