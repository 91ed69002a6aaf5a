/** Other spellings of the same workflow. */

import type { Spellings } from "./cases.ts";
import { call, doc, step } from "./shorthand.ts";

export const spellings: readonly Spellings[] = [
  {
    says: "the fields of an http step may stand under config",
    canonical: step(
      "type: http, url: https://x.de/y, method: PUT, headers: { a: b }, query: { q: 1 }, body: { c: $.input.c }, expect_status: 201, idempotency_key: k",
    ),
    also: [
      step(
        "type: http, config: { url: https://x.de/y, method: PUT, headers: { a: b }, query: { q: 1 }, body: { c: $.input.c }, expect_status: 201, idempotency_key: k }",
      ),
    ],
  },
  {
    says: "several forms of one step may stand together in on_error",
    canonical: `${call(
      "retry: { max_attempts: 2 }, fallback_step: b, circuit_breaker: { failure_threshold: 5 }, failure_message: Sorry",
    )}\n- { name: b, executor: me, function: ok }`,
    also: [
      `${call(
        "on_error: { action: fail, message: Sorry, retry: { max_attempts: 2 }, fallback: b, circuit_breaker: { failure_threshold: 5 } }",
      )}\n- { name: b, executor: me, function: ok }`,
    ],
  },
  {
    says: "spellings are read at any depth",
    canonical: `- { name: t, type: try, steps: [ { name: l, type: loop, times: 2, steps: [ { name: a, executor: me, function: ok, when: input.x, retry: { max_attempts: 2 } } ] } ], catch: [ { when: error.code == 'E', steps: [ { name: h, type: http, url: https://x.de } ] } ], finally: [ { name: f, type: transform, script: "function transform() {}" } ] }`,
    also: [
      `- { name: t, type: try, steps: [ { name: l, type: foreach, times: 2, steps: [ { name: a, service: me, method: ok, condition: input.x, retry_config: { max_attempts: 2 } } ] } ], catch: [ { condition: error.code == 'E', steps: [ { name: h, type: service_call, config: { url: https://x.de } } ] } ], finally: [ { name: f, type: script, config: { script: "function transform() {}" } } ] }`,
    ],
  },

  {
    says: "both names of the language are the same, and JSON is YAML",
    canonical: doc("name: NAME"),
    also: [
      doc("name: NAME").replace("workflow.magic-flow.io", "magicflow.io"),
      JSON.stringify({
        apiVersion: "workflow.magic-flow.io/v2",
        kind: "Workflow",
        metadata: { name: "NAME" },
        spec: { steps: [{ name: "a", type: "function", executor: "me", function: "ok" }] },
      }),
      doc("name: NAME", 'steps: [{"name": a, type: function, "function": "ok", executor: \'me\'}]'),
    ],
  },
  {
    says: "a version may have a leading v",
    canonical: doc("name: NAME, version: 2.1.0"),
    also: [doc("name: NAME, version: v2.1.0")],
  },
  { says: "when is condition too", canonical: call("when: input.x"), also: [call("condition: input.x")] },
  {
    says: "retry has many names",
    canonical: call("retry: { max_attempts: 4, initial_delay: 2s }"),
    also: [
      call("retry_config: { max_attempts: 4, initial_delay: 2s }"),
      call("retry_policy: { max_attempts: 4, initial_delay: 2s }"),
      call("on_error: { retry: { max_attempts: 4, initial_delay: 2s } }"),
      call("on_error: { action: retry, max_attempts: 4, initial_delay: 2s }"),
      call("config: { retry_policy: { max_attempts: 4, initial_delay: 2s } }"),
      call("config: { retry: { max_attempts: 4, initial_delay: 2s } }"),
      call("config: { retry_config: { max_attempts: 4, initial_delay: 2s } }"),
    ],
  },
  {
    says: "the fields of a retry have other names",
    canonical: call(
      "retry: { max_attempts: 4, backoff: linear, initial_delay: 2s, max_delay: 9s, multiplier: 3, retry_on: [E1] }",
    ),
    also: [
      call(
        "retry: { max_attempts: 4, backoff_strategy: linear, initial_backoff: 2s, max_backoff: 9s, backoff_multiplier: 3, conditions: [E1] }",
      ),
      call(
        "retry: { max_attempts: 4, backoff: linear, backoff_interval: 2s, max_delay: 9s, multiplier: 3, retry_on: [E1] }",
      ),
      call(
        "on_error: { action: retry, max_attempts: 4, backoff_strategy: linear, backoff_interval: 2, max_backoff: 9, backoff_multiplier: 3, conditions: [E1] }",
      ),
    ],
  },
  {
    says: "the other names hold in the policy of the workflow",
    canonical:
      "retry_policy: { max_attempts: 4, backoff: fixed, initial_delay: 2s }\nsteps: [ { name: a, executor: me, function: ok } ]",
    also: [
      "retry_policy: { max_attempts: 4, backoff_strategy: fixed, initial_backoff: 2s }\nsteps: [ { name: a, executor: me, function: ok } ]",
    ],
  },
  {
    says: "input and output may stand in data_mapping",
    canonical: call("input: { x: $.input.x }, output: { y: $.result.y }"),
    also: [
      call("data_mapping: { input: { x: $.input.x }, output: { y: $.result.y } }"),
      call("input: { x: $.input.x }, data_mapping: { output: { y: $.result.y } }"),
      call("config: { input: { x: $.input.x }, output: { y: $.result.y } }"),
    ],
  },
  {
    says: "fallback_step is on_error.fallback too",
    canonical: `${call("fallback_step: b")}\n- { name: b, executor: me, function: ok }`,
    also: [
      `${call("on_error: { fallback: b }")}\n- { name: b, executor: me, function: ok }`,
      `${call("config: { fallback_step: b }")}\n- { name: b, executor: me, function: ok }`,
    ],
  },
  {
    says: "a circuit breaker may stand in on_error",
    canonical: call(
      "circuit_breaker: { failure_threshold: 5, recovery_timeout: 60s, half_open_max_calls: 3, failure_rate_threshold: 0.5 }",
    ),
    also: [
      call(
        "on_error: { circuit_breaker: { enabled: true, failure_threshold: 5, timeout: 1m, half_open_max_calls: 3, failure_rate_threshold: 0.5 } }",
      ),
      call(
        "on_error: { circuit_breaker: { failure_threshold: 5, recovery_timeout: 1m, half_open_max_calls: 3, failure_rate_threshold: 0.5 } }",
      ),
    ],
  },
  {
    says: "default_output is on_error with the action continue, and {} where none is given",
    canonical: call("default_output: { x: 1 }"),
    also: [call("on_error: { action: continue, default_output: { x: 1 } }")],
  },
  {
    says: "to continue without a default output gives an empty one",
    canonical: call("default_output: {}"),
    also: [call("on_error: { action: continue }")],
  },
  {
    says: "failure_message is on_error with the action fail",
    canonical: call("failure_message: 'It was ${error.code}.'"),
    also: [call("on_error: { action: fail, message: 'It was ${error.code}.' }")],
  },
  {
    says: "an inline path is on_error.compensation too",
    canonical: call("on_failure: { steps: [ { name: b, executor: me, function: ok } ] }"),
    also: [call("on_error: { compensation: [ { name: b, executor: me, function: ok } ] }")],
  },
  {
    says: "an inline path is a custom handler too",
    canonical: call("on_failure: { when: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] }"),
    also: [
      call(
        "on_error: { custom_handler: { condition: error.code == 'E', action: { name: b, executor: me, function: ok } } }",
      ),
      call(
        "on_error: { custom_handler: { condition: error.code == 'E', action: [ { name: b, executor: me, function: ok } ] } }",
      ),
    ],
  },
  {
    says: "a fallback of steps may stand in on_error",
    canonical: call("fallback: { when: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] }"),
    also: [
      call(
        "on_error: { fallback: { condition: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] } }",
      ),
      call("config: { fallback: { when: error.code == 'E', steps: [ { name: b, executor: me, function: ok } ] } }"),
    ],
  },
  {
    says: "any field of a step may stand under config",
    canonical: call(
      "timeout: 5s, when: input.x, input: { y: 1 }, queue_timeout: 9s, on_failure: { steps: [ { name: b, type: set, variables: { z: 1 } } ] }",
    ),
    also: [
      call(
        "config: { timeout: 5s, when: input.x, input: { y: 1 }, queue_timeout: 9s, on_failure: { steps: [ { name: b, type: set, config: { variables: { z: 1 } } } ] } }",
      ),
    ],
  },
  {
    says: "the fields of loops and parallel steps may stand under config",
    canonical: `
      - { name: l, type: loop, iterate_over: $.input.x, parallel: true, batch_size: 3, fail_fast: false, max_iterations: 9, steps: [ { name: b, executor: me, function: ok } ] }
      - { name: p, type: parallel, max_concurrency: 2, join: any, branches: [ { name: x, steps: [ { name: c, executor: me, function: ok } ] } ] }`,
    also: [
      `
      - { name: l, type: foreach, config: { iterate_over: $.input.x, parallel: true, batch_size: 3, fail_fast: false, max_iterations: 9 }, steps: [ { name: b, executor: me, function: ok } ] }
      - { name: p, type: parallel, config: { max_concurrency: 2, join: any }, branches: [ { name: x, steps: [ { name: c, executor: me, function: ok } ] } ] }`,
      `
      - { name: l, type: map, config: { iterate_over: $.input.x, parallel: true, batch_size: 3, fail_fast: false, max_iterations: 9, steps: [ { name: b, executor: me, function: ok } ] } }
      - { name: p, type: parallel, config: { max_concurrency: 2, join: any, branches: [ { name: x, steps: [ { name: c, executor: me, function: ok } ] } ] } }`,
    ],
  },
  {
    says: "service_call is http",
    canonical: step("type: http, service: ledger, endpoint: /x, method: GET"),
    also: [
      step("type: service_call, config: { service: ledger, endpoint: /x, method: GET }"),
      step("type: service_call, service: ledger, endpoint: /x, method: GET"),
      step("type: http, config: { service: ledger, endpoint: /x, method: GET }"),
    ],
  },
  {
    says: "foreach and map are loop",
    canonical: step("type: loop, times: 2, steps: [ { name: b, executor: me, function: ok } ]"),
    also: [
      step("type: foreach, times: 2, steps: [ { name: b, executor: me, function: ok } ]"),
      step("type: map, times: 2, steps: [ { name: b, executor: me, function: ok } ]"),
    ],
  },
  {
    says: "script is transform",
    canonical: step("type: transform, language: jsonata, expression: $.x"),
    also: [
      step("type: script, language: jsonata, expression: $.x"),
      step("type: script, config: { language: jsonata, expression: $.x }"),
    ],
  },
  {
    says: "service and method are executor and function, and the type may be left out",
    canonical: step("type: function, executor: me, function: ok"),
    also: [
      step("executor: me, function: ok"),
      step("type: function, service: me, method: ok"),
      step("service: me, method: ok"),
      step("config: { service: me, method: ok }"),
      step("type: function, config: { executor: me, function: ok }"),
    ],
  },
  {
    says: "durations have many forms, and a bare number is seconds",
    canonical: call("timeout: 90s, queue_timeout: 1h30m, total_timeout: 7d, heartbeat_timeout: 250ms"),
    also: [
      call("timeout: 90, queue_timeout: 90m, total_timeout: 168h, heartbeat_timeout: 0.25"),
      call('timeout: 1m30s, queue_timeout: "5400", total_timeout: 6d24h, heartbeat_timeout: 0.25s'),
    ],
  },
  {
    says: "a branch may be one step in short form",
    canonical: `- { name: p, type: parallel, branches: [ { name: x, steps: [ { name: x, executor: me, function: ok } ] } ] }`,
    also: [`- { name: p, type: parallel, branches: [ { name: x, executor: me, function: ok } ] }`],
  },
];
