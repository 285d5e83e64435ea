// Lints the OpenAPI documents with Redocly's recommended rules.
//
//   node lint.mjs DOCUMENT…
import { createConfig, formatProblems, lint } from "@redocly/openapi-core";

const config = await createConfig({
  extends: ["recommended"],
  rules: {
    // There is no example.com in them: the server is the one that serves the document.
    "no-server-example.com": "error",
    "operation-operationId-unique": "error",
    "operation-description": "error",
    "tag-description": "error",
    "no-unused-components": "error",
    "no-invalid-media-type-examples": "error",
  },
});

let faults = 0;
for (const ref of process.argv.slice(2)) {
  const problems = await lint({ ref, config });
  formatProblems(problems, { format: "codeframe", totals: { errors: 0, warnings: 0, ignored: 0 }, version: "", cwd: process.cwd() });
  console.log(`${ref}: ${problems.length} problems`);
  faults += problems.length;
}
process.exit(faults === 0 ? 0 : 1);
