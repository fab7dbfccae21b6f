import type { AppScope } from "millrace";
import { charactersOf } from "../records/grants.ts";
import { records } from "../records/open.ts";

/** The user's characters. The page reads their details from the catalog. */
export function characterRoutes(scope: AppScope): void {
  scope.route({
    method: "GET",
    url: "/api/characters",
    schema: { hide: true },
    handler: async ({ principal }) => ({ items: await charactersOf(await records(), principal.owner) }),
  });
}
