import { navigate } from "../router/router.ts";
import { readSetting, writeSetting } from "../theme/settings.ts";
import type { Notification as Notice } from "./api.ts";

/** Browser notifications. They appear while the page is open in any tab, even in the background. */

const key = "millrace.notify";
const listeners = new Set<() => void>();

export type Permission = NotificationPermission | "unsupported";

export function permission(): Permission {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

/** Whether to show browser notifications, so that the stream must stay open. */
export function wantsBrowser(): boolean {
  return permission() === "granted" && readSetting(key) === "on";
}

export function rememberBrowserChoice(on: boolean): void {
  writeSetting(key, on ? "on" : "off");
  for (const listener of [...listeners]) listener();
}

export function onBrowserChoice(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks for permission, unless the user has already decided. */
export async function askPermission(): Promise<Permission> {
  if (permission() !== "default") return permission();
  return Notification.requestPermission();
}

/** Skipped while the page has focus, because the bell is visible then. */
export function showInBrowser({ id, title, text, path }: Notice): void {
  if (permission() !== "granted" || document.hasFocus()) return;
  // The tag makes several tabs show only one.
  const shown = new Notification(title, { body: text, tag: id, icon: "/icon.svg" });
  shown.onclick = () => {
    window.focus();
    navigate(path);
    shown.close();
  };
}
