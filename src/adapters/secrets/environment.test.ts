import assert from "node:assert/strict";
import { test } from "node:test";
import { createEnvironmentSecrets } from "./environment.ts";

test("a secret is the variable of its name, spelled as variables are", async () => {
  const environment = { MAGICFLOW_SECRET_API_KEY: "k", MAGICFLOW_SECRET_exact: "e", PATH: "/bin" };
  const secrets = createEnvironmentSecrets({ environment, workspace: "default" });
  const read = (name: string, workspace = "default") => secrets.read({ workspace, name });
  assert.equal(await read("API_KEY"), "k");
  assert.equal(await read("api-key"), "k");
  assert.equal(await read("exact"), "e");
  assert.equal(await read("PATH"), null);
  assert.equal(await read("API_KEY", "other"), null);
});
