import type { ModelSettings } from "../../ai/settings.ts";
import type { App } from "../../http/app.ts";
import type { Device } from "../../http/security-headers.ts";
import type { Calls } from "../embed/calls.ts";

/**
 * A scope of the server that prefixes its routes with the application's path. Schemas are zod; `request.principal`
 * identifies the caller. A route is for users (the scope `jobs`, if accounts are on) unless its `config` says
 * otherwise, such as `{ access: "public" }`.
 */
export type AppScope = App;

/** What routes work with. */
export interface AppContext {
  /** Jobs of any owner: pass `owner: request.principal.owner`. */
  millrace: Calls;
  /** What the configured models can do: `text`, `vision`, `embedding`, `picture`. Empty without models. */
  abilities: ReadonlySet<ModelSettings["does"][number]>;
}

export interface AppOptions {
  /** Where the page and the routes are: a slash and one name, such as `/faces`. */
  path: string;
  /** Display name. */
  title: string;
  /**
   * Folder of the page's files, with an `index.html`: `new URL("./page/", import.meta.url)`. They are public, and
   * served unchanged.
   * @default no page
   */
  page?: URL;
  /**
   * Permissions that the page may request: `camera`, `microphone`, `geolocation`. A file field needs none of them.
   * @default none
   */
  devices?: readonly Device[];
  /** Adds routes, with paths relative to `path`. Runs once in every API process, before it listens. */
  routes?(scope: AppScope, context: AppContext): void | Promise<void>;
}

/** A team's own application next to the pipelines: its page and its routes. */
export interface AppDefinition extends AppOptions {
  readonly kind: "millrace.app";
}

/**
 * @example
 * export default defineApp({ path: "/faces", title: "Faces", page: new URL("./page/", import.meta.url) });
 */
export function defineApp(options: AppOptions): AppDefinition {
  return { ...options, kind: "millrace.app" };
}
