import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { LANGUAGES, sampleOf } from "./samples.ts";

const hostile = `it's "quoted" \\ $(id) \`x\`\n</script>`;

test("a shell reads from a sample exactly what was typed", () => {
  const sample = sampleOf("curl", { method: "POST", url: "http://127.0.0.1/x", headers: [], body: hostile });
  const read = execFileSync("bash", ["-c", `curl() { printf '%s' "\${@: -1}"; }\n${sample}`], { encoding: "utf8" });
  expect(read).toBe(hostile);
});

test("no text that was typed leaves its literal", () => {
  for (const language of LANGUAGES.filter((name) => name !== "curl")) {
    const sample = sampleOf(language, {
      method: "POST",
      url: "http://127.0.0.1/",
      headers: [["x-a", hostile]],
      body: hostile,
    });
    expect(sample).not.toContain("\n</script>");
    expect(sample).toContain(JSON.stringify(hostile));
  }
});
