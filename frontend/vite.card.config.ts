import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    outDir: "../custom_components/ha_ingestor/frontend",
    emptyOutDir: true,
    lib: {
      entry: "src/ha-ingestor.ts",
      formats: ["es"],
      fileName: () => "ha-ingestor.js",
    },
  },
});
