import type { App } from "../../http/app.ts";
import { pageHeaders } from "../../http/security-headers.ts";
import { inlineScriptSources } from "./inline-scripts.ts";

/** The API reference at `/docs`. Loads nothing from other hosts. */
export async function serveDocs(app: App): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook("onSend", async (_, reply, payload) => {
      const html =
        typeof payload === "string" && String(reply.getHeader("content-type")).startsWith("text/html");
      // It creates its styles at runtime. Its one inline script is allowed by hash.
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
        // Turn off everything that contacts or links to other hosts.
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
