import { createClient } from "millrace/client";

/**
 * @typedef {object} Place
 * @property {string} id
 * @property {string} name
 * @property {string | null} nameEn
 * @property {string} category
 * @property {number} lat
 * @property {number} lon
 * @property {string | null} hours
 * @property {string | null} address
 * @property {string | null} link
 * @property {number | null} meters
 * @property {boolean | null} isOpen
 *
 * @typedef {Place & { origin: string, updatedAt: number }} PlaceDetail
 * @typedef {Pick<Place, "id" | "name" | "nameEn" | "category" | "lat" | "lon"> & { isHeld: boolean }} Waiting
 */

export const client = createClient({ url: location.origin });

/**
 * Calls one of the application's own routes.
 * @param {string} path
 * @param {{ [name: string]: string | number | boolean }} parameters
 * @param {RequestInit} options
 */
export async function ask(path, parameters = {}, options = {}) {
  const url = new URL(`/places/api/${path}`, location.origin);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== "") url.searchParams.set(name, String(value));
  }
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
  return response.json();
}

/**
 * @param {string} path
 * @param {object} [body]
 */
export function post(path, body) {
  const headers = { "content-type": "application/json" };
  return ask(path, {}, { method: "POST", ...(body && { headers, body: JSON.stringify(body) }) });
}
