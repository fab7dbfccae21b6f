import { defineApp } from "millrace";

export default defineApp({
  path: "/faces",
  title: "What would their child look like?",
  page: new URL("./page/", import.meta.url),
  routes(scope, { abilities }) {
    const drawing = { available: abilities.has("picture") };
    scope.get("/drawing", { config: { access: "public" } }, () => drawing);
  },
});
