import js from "@eslint/js";
import { configs as lit } from "eslint-plugin-lit";
import litA11y from "eslint-plugin-lit-a11y";
import { configs as wc } from "eslint-plugin-wc";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  lit["flat/recommended"],
  wc["flat/best-practice"],
  {
    plugins: { "lit-a11y": litA11y },
    rules: litA11y.configs.recommended.rules,
  },
  {
    languageOptions: {
      parserOptions: { project: "./tsconfig.node.json", tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "lit/no-value-attribute": "error",
      // Lit binds listeners to their element.
      "@typescript-eslint/unbound-method": "off",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "lit/directives/unsafe-html.js", message: "Log lines are text." }] },
      ],
    },
  },
  {
    // Not every plugin that it configures has types.
    files: ["eslint.config.js"],
    extends: [ts.configs.disableTypeChecked],
  },
);
