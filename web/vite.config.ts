import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { fonts } from "./fonts.ts";

const server = "http://127.0.0.1:8080";

/** What PDFs in Chinese, Japanese and Korean need that embed no encodings of their own. */
function characterMaps(): Plugin {
  const folder = new URL("cmaps/", import.meta.resolve("pdfjs-dist/package.json"));
  return {
    name: "character-maps",
    apply: "build",
    generateBundle() {
      for (const name of readdirSync(fileURLToPath(folder)).filter((one) => one.endsWith(".bcmap"))) {
        const source = readFileSync(new URL(name, folder));
        this.emitFile({ type: "asset", fileName: `pdf/${name}`, source });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), characterMaps(), fonts()],
  build: {
    target: "es2022",
    // The server's content security policy allows no inline scripts and no data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  server: {
    proxy: Object.fromEntries(["/v1", "/samples", "/healthz", "/docs"].map((path) => [path, server])),
  },
});
