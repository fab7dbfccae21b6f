import { defineApp } from "millrace";
import { characterRoutes } from "./server/character-routes.ts";
import { conversationRoutes } from "./server/conversation-routes.ts";
import { scanRoutes } from "./server/scan-routes.ts";
import { taxonomyRoutes } from "./server/taxonomy-routes.ts";

export default defineApp({
  path: "/recycling",
  title: "Recycling",
  page: new URL("./page/", import.meta.url),
  routes(scope, context) {
    taxonomyRoutes(scope);
    scanRoutes(scope, context);
    characterRoutes(scope);
    conversationRoutes(scope, context);
  },
});
