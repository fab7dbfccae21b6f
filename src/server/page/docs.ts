import type { App } from "../../http/app.ts";
import { pageHeaders } from "../../http/security-headers.ts";
import { inlineScriptSources } from "./inline-scripts.ts";

/** The API reference at `/docs`, served whole from here: it loads nothing from elsewhere. */
export async function serveDocs(app: App): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook("onSend", async (_, reply, payload) => {
      const html =
        typeof payload === "string" && String(reply.getHeader("content-type")).startsWith("text/html");
      // Its styles are made as it runs; its one inline script is allowed by hash.
      reply.headers(
        pageHeaders({ scripts: html ? inlineScriptSources(payload) : [], styles: ["'unsafe-inline'"] }),
      );
      return payload;
    });
    const { default: reference } = await import("@scalar/fastify-api-reference");
    await scope.register(reference, {
      routePrefix: "/docs",
      configuration: {
        url: "/openapi.json",
        pageTitle: "Millrace API",
        favicon: "/icon.svg",
        // What would talk to others, or lead there.
        withDefaultFonts: false,
        telemetry: false,
        showDeveloperTools: "never",
        hideClientButton: true,
        agent: { disabled: true },
        mcp: { disabled: true },
      },
    });
  });
}
