import { defineApp } from "millrace";
import { z } from "zod";

/** A page, and routes with each kind of access. */
export default defineApp({
  path: "/notes",
  title: "Notes",
  page: new URL("./page/", import.meta.url),
  devices: ["camera"],
  routes(scope, { millrace }) {
    scope.get("/mine", ({ principal }) => ({ owner: principal.owner, isAdmin: principal.isAdmin ?? false }));
    scope.get("/open", { config: { access: "public" } }, () => ({ open: true }));
    scope.get("/all", { config: { access: "admin" } }, () => ({ all: true }));
    const body = z.object({ to: z.int().min(1) });
    scope.post("/count", { schema: { body } }, async ({ body, principal: { owner } }) => {
      const { id } = await millrace.submit("count", { options: body }, { owner });
      const { state, items } = await millrace.wait(id, { owner });
      return { state, result: items[0]?.result };
    });
  },
});
