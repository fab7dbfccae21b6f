import { defineApp } from "millrace";
import { records } from "./records/open.ts";
import { moderationRoutes } from "./routes/moderation.ts";
import { searchRoutes } from "./routes/search.ts";
import { seedPlaces } from "./seed/seed.ts";

/** The page and its routes, in every API process. They only read. All changes to the records are jobs. */
export default defineApp({
  path: "/places",
  title: "Places",
  page: new URL("./page/", import.meta.url),
  devices: ["geolocation"],
  async routes(scope, context) {
    const own = await records();
    await seedPlaces(own);
    searchRoutes(scope, own);
    moderationRoutes(scope, context, own);
    scope.addHook("onClose", () => own.close());
  },
});
