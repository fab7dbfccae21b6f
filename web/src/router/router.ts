import { useSyncExternalStore } from "react";
import { matchRoute, type Route } from "./routes.ts";

/** A minimal router based on the History API. */

const listeners = new Set<() => void>();

function notify(): void {
  for (const listener of [...listeners]) listener();
}

window.addEventListener("popstate", notify);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  notify();
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

export function useSearch(): URLSearchParams {
  return new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));
}

/** The part of the URL after `#`. Links that differ only in it do not reload the page. */
export function useFragment(): string {
  const fragment = useSyncExternalStore(subscribe, () => location.hash.slice(1));
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

export function useRoute(): Route {
  return matchRoute(usePath());
}
