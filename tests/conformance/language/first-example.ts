/** The workflow with which it all began: its warnings, its gaps, and how it runs. */

import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { called, documentOf, type Other, type Run, register } from "./cases.ts";
import { fails, gives, held } from "./executor.ts";
import { steps } from "./shorthand.ts";

/** The example with which it all began, without its rules. */
const ONBOARDING = `
- name: validate-user
  type: function
  timeout: 30s
  timeout_action: retry
  retry_config: { max_attempts: 3, backoff_strategy: exponential, initial_delay: 1s, max_delay: 10s, jitter: true }
  executor: me
  function: validateUserData
  data_mapping:
    input: { user_data: "$.input" }
    output: { validation_result: "$.response.valid", validation_errors: "$.response.errors" }
  on_success: create-account
  on_failure: notify-validation-error
- name: create-account
  type: function
  timeout: 1m
  timeout_action: fallback
  fallback_step: create-guest-account
  condition: "$.validate-user.validation_result == true"
  executor: me
  function: createUserAccount
  data_mapping:
    input: { email: "$.input.email", name: "$.input.name", preferences: "$.input.preferences" }
  on_success: send-welcome-email
  on_failure: cleanup-partial-data
- name: external-verification
  type: function
  timeout: 15s
  timeout_action: fallback
  fallback_step: skip-verification
  circuit_breaker: { failure_threshold: 5, recovery_timeout: 60s, half_open_max_calls: 3, failure_rate_threshold: 0.5 }
  executor: me
  function: verifyUser
  on_success: send-welcome-email
  on_failure: send-welcome-email
- name: send-welcome-email
  type: function
  timeout: 30s
  timeout_action: ignore
  executor: me
  function: sendWelcomeEmail
  data_mapping:
    input: { user_id: "$.create-account.user_id", email: "$.input.email", name: "$.input.name" }
`;

const ERROR_RULES = `
error_handling:
  - condition: "$.validate-user.validation_result == false"
    action: { type: "return_error", message: "User validation failed", details: "$.validate-user.validation_errors" }
  - condition: "$.create-account.status == 'failed'"
    action: { type: "compensate", steps: [ { name: "cleanup-partial-data", service: "me", method: "cleanup" } ] }
`;

const CONTEXT = `
apiVersion: workflow.magic-flow.io/v2
kind: WorkflowContext
metadata: { name: NAME-context }
spec:
  input_schema:
    type: object
    properties:
      email: { type: string, format: email, description: "User's email address", required: true }
      name: { type: string, required: true }
      preferences: { type: object, properties: { newsletter: { type: boolean, default: false }, notifications: { type: boolean, default: true } } }
      metadata: { type: object, properties: { source: { type: string, enum: ["web", "mobile", "api"] }, campaign_id: { type: string } } }
  output_schema:
    type: object
    properties:
      user_id: { type: string }
      created_at: { type: string, format: date-time }
      welcome_email_sent: { type: boolean }
`;

const MISSING = steps("notify-validation-error", "create-guest-account", "skip-verification");
const inSpec = (list: string, rules: string): string => `steps:\n${list.trim().replace(/^/gm, "  ")}\n${rules}`;

export const others: readonly Other[] = [
  {
    says: "the steps that the first example names and does not define are told, cleanup is defined by its rule",
    async holds(world, name) {
      const { body } = await world.platform.send(
        "POST",
        "/workflows/validate",
        documentOf(world, name, inSpec(ONBOARDING, ERROR_RULES)),
      );
      const found = body["diagnostics"] as unknown as {
        severity: string;
        code: string;
        message: string;
        step: string;
      }[];
      const errors = found.filter(({ severity }) => severity === "error");
      assert.deepEqual(
        errors
          .map(({ message }) => /"(notify-validation-error|create-guest-account|skip-verification)"/.exec(message)?.[1])
          .sort(),
        ["create-guest-account", "notify-validation-error", "skip-verification"],
        JSON.stringify(errors, null, 1),
      );
      const warnings = found.filter(({ severity }) => severity === "warning");
      assert.ok(
        warnings.some(({ message }) => message.includes("external-verification")),
        JSON.stringify(warnings),
      );
      assert.ok(!JSON.stringify(errors).includes("cleanup-partial-data"));
      const whole = documentOf(world, name, inSpec(`${ONBOARDING}${MISSING}`, ERROR_RULES));
      assert.equal((await world.platform.send("POST", "/workflows/validate", whole)).body["valid"], true);
    },
  },
  {
    says: "the context of the first example belongs to it, with its required fields and defaults",
    async holds(world, name) {
      const text = `${documentOf(world, name, inSpec(`${ONBOARDING}${MISSING}`, ERROR_RULES))}---\n${CONTEXT.replace("NAME", name)}`;
      await register(world, name, text, "workflow and context");
      const start = (input: JsonObject) => world.platform.request("POST", `/workflows/${name}/execute`, { input });
      const refused = await start({ email: "no mail", metadata: { source: "fax" } });
      assert.equal(refused.status, 422);
      for (const path of ["/email", "/name", "/metadata/source"])
        assert.ok(JSON.stringify(refused.body).includes(path), path);
      const taken = await start({ email: "a@b.de", name: "Ada", preferences: {} });
      assert.equal(taken.status, 202);
      const { body } = await world.platform.request("GET", `/executions/${taken.body["execution_id"]}`);
      assert.deepEqual(body["input"], {
        email: "a@b.de",
        name: "Ada",
        preferences: { newsletter: false, notifications: true },
      });
    },
  },
  {
    says: "the graph shows whether a failure is recovered",
    async holds(world, name) {
      await register(world, name, steps("a on_failure: h", "b on_failure: k", "h on_success: b", "k"), "the workflow");
      const { status, body } = await world.platform.request("GET", `/workflows/${name}/graph`);
      assert.equal(status, 200);
      const text = JSON.stringify(body);
      assert.match(text, /recover/, text);
    },
  },
];

export const runs: readonly Run[] = [
  {
    says: "in the first example verification starts beside validation, and the mail waits for both paths",
    yaml: inSpec(`${ONBOARDING}${MISSING}`, ERROR_RULES),
    input: { email: "a@b.de", name: "Ada", preferences: {} },
    answers: {
      validateUserData: gives({ valid: true }),
      createUserAccount: gives({ user_id: "u1" }),
      verifyUser: held,
    },
    drive: async (going) => {
      await going.until("completed", "create-account");
      called(going, "validate-user", "external-verification", "create-account");
      await going.complete("external-verification");
    },
    calls: "external-verification,validate-user create-account send-welcome-email",
    check: async (going) =>
      assert.deepEqual((await going.task("send-welcome-email")).input, { user_id: "u1", email: "a@b.de", name: "Ada" }),
  },
  {
    says: "in the first example a failed verification still leads to the mail",
    yaml: inSpec(`${ONBOARDING}${MISSING}`, ERROR_RULES),
    input: { email: "a@b.de", name: "Ada" },
    answers: { validateUserData: gives({ valid: true }), verifyUser: fails("NO") },
    calls: "external-verification,validate-user create-account send-welcome-email",
  },
  {
    says: "in the first example a failed validation cancels the rest and ends as failed after its handler ran",
    yaml: inSpec(`${ONBOARDING}${MISSING}`, "").replace(
      "on_failure: cleanup-partial-data",
      "on_failure: send-welcome-email",
    ),
    input: { email: "a@b.de", name: "Ada" },
    answers: { validateUserData: held, verifyUser: held },
    drive: async (going) => {
      await going.task("external-verification");
      await going.fail("validate-user", "INVALID", { retryable: false });
    },
    status: "failed",
    error: { code: "INVALID", step: "validate-user" },
    calls: "external-verification,validate-user notify-validation-error",
    steps:
      "validate-user failed INVALID; create-account cancelled; external-verification cancelled; send-welcome-email cancelled; notify-validation-error completed; create-guest-account skipped not_reached; skip-verification skipped not_reached",
  },
];
