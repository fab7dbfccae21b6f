import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** `millrace/client` as one module, for pages that are served as they are: `/client.js`. */
export default defineConfig({
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: false,
    rolldownOptions: { checks: { bundlerTimings: false } },
    lib: {
      entry: fileURLToPath(new URL("../src/client/index.ts", import.meta.url)),
      formats: ["es"],
      fileName: () => "client.js",
    },
  },
});
