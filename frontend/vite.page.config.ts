import { defineConfig } from "vite";

export default defineConfig({
  root: "page",
  // Relative addresses, so that the page works below any prefix (Home Assistant's ingress).
  base: "./",
  build: {
    target: "es2022",
    outDir: "../../addon/aggregator/page",
    emptyOutDir: true,
    // The page's content security policy refuses data: addresses.
    assetsInlineLimit: 0,
  },
});
