/** What may be written in a document around its steps. */

import type { Field, FieldKind } from "./fields.ts";
import {
  ANY,
  BOOLEAN,
  CONDITION,
  COUNT,
  choice,
  DURATION,
  either,
  LABELS,
  list,
  may,
  must,
  object,
  openObject,
  PATH,
  PATTERN,
  PRIORITY,
  REFERENCE,
  SCHEMA,
  STEPS,
  TEXT,
  TEXTS,
  VALUE,
  VERSION,
} from "./fields.ts";
import { RETRY_FIELDS, TIMEOUT_ACTIONS } from "./step-fields.ts";

export const API_VERSION = "workflow.magic-flow.io/v2";
export const KINDS: readonly string[] = ["Workflow", "WorkflowContext", "WorkflowTest"];
export const RULE_ACTIONS: readonly string[] = ["return_error", "compensate", "fallback", "continue", "notify"];

const METADATA: FieldKind = object(
  must("name", TEXT, "Names the workflow."),
  may("version", VERSION, "A semantic version."),
  may("description", { is: "text", lengthMax: 500 }, "For people."),
  may("tags", { is: "list", of: { is: "text", lengthMax: 50 }, lengthMax: 20 }, "For finding it."),
  may("owner", TEXT, "Who answers for it."),
  may("created_by", TEXT, "Who or what wrote it."),
  may("created_at", TEXT, "When it was written."),
  may("updated_at", TEXT, "When it was changed."),
  may("labels", LABELS, "For selecting it."),
  may("annotations", { is: "map", of: ANY }, "For people and tools."),
  may("version_info", ANY, "What is new in this version."),
);

const NAMED_CONDITION: FieldKind = object(
  must("name", TEXT, "Read as `conditions.NAME`."),
  must("expression", CONDITION, "The condition."),
  may("description", TEXT, "For people."),
);

const INCLUDE: FieldKind = object(
  must("workflow", TEXT, "The workflow's name."),
  may("version", VERSION, "Its version; the active one unless given."),
  may("alias", TEXT, "The name by which steps use it; its own unless given."),
);

const CONCURRENCY: FieldKind = object(
  must("limit", COUNT, "How many executions at a time."),
  may("key", VALUE, "Counted for each key apart."),
  may("on_limit", choice("queue", "drop", "cancel_oldest", "reject"), "What happens to one too many."),
  may("hold", choice("running", "waiting", "tree"), "Whether waits and children keep the place."),
);

const SINGLETON: FieldKind = object(
  may("key", VALUE, "One for each key."),
  may("on_running", choice("return", "reject", "cancel_oldest", "queue", "drop"), "What a start meets while one runs."),
);

const DEBOUNCE: FieldKind = object(
  must("period", DURATION, "How long no start may have come before one begins."),
  may("key", VALUE, "For each key apart."),
  may("max_wait", DURATION, "How long a start is put off at most."),
);

const RATE_LIMIT: FieldKind = object(
  must("limit", COUNT, "How many starts."),
  must("period", DURATION, "In how long."),
  may("key", VALUE, "For each key apart."),
);

const TRIGGER: FieldKind = openObject(
  must("type", TEXT, "What starts it."),
  may("name", TEXT, "For people."),
  may("enabled", BOOLEAN, "False switches it off."),
  may("description", TEXT, "For people."),
  may("cron", TEXT, "When, as a cron expression."),
  may("schedule", TEXT, "The same as `cron`."),
  may("timezone", TEXT, "The zone of its times."),
  may("time_zone", TEXT, "The same as `timezone`."),
  may("interval", DURATION, "How often."),
  may("every", DURATION, "The same as `interval`."),
  may("jitter", DURATION, "Spreads starts evenly over so long."),
  may("overlap", TEXT, "What happens while an earlier one runs."),
  may("catch_up", ANY, "Whether missed times are made up for."),
  may("backfill", ANY, "Times of the past that are made up for."),
  may("path", TEXT, "Of an incoming webhook."),
  may("method", TEXT, "Of an incoming webhook."),
  may("secret", TEXT, "What its signature is checked with."),
  may("signature", ANY, "How its signature is checked."),
  may("event", TEXT, "The same as `event_type`."),
  may("event_type", ANY, "The name of the event."),
  may("source", ANY, "Where the event comes from."),
  may("topic", TEXT, "The topic of the broker."),
  may("queue", TEXT, "The queue of the broker."),
  may("broker", TEXT, "The configured connection to the broker."),
  may("workflow", TEXT, "The workflow whose events start this one."),
  may("filter", CONDITION, "A condition over `event`."),
  may("input", VALUE, "The input of the execution."),
  may("metadata", VALUE, "The metadata of the execution."),
  may("priority", PRIORITY, "The priority of the execution."),
  may("deduplicate", ANY, "How one event is known from another."),
  may("batch", openObject(may("size", COUNT, "At most."), may("wait", DURATION, "At most.")), "Takes events together."),
  may("quality", ANY, "What data has to fulfil."),
);

const RULE: FieldKind = object(
  may("name", TEXT, "For people."),
  must("condition", CONDITION, "When the rule fires."),
  must(
    "action",
    object(
      must("type", choice(...RULE_ACTIONS), "What it does."),
      may("message", VALUE, "The message of the error or notice."),
      may("details", VALUE, "Whatever else is known."),
      may("code", VALUE, "The code of the error."),
      may("steps", { is: "any" }, "Steps that run: names, or steps written out."),
      may("step", REFERENCE, "The step that stands in."),
      may("channel", VALUE, "Where a notice goes."),
      may("channels", VALUE, "Where notices go."),
      may("data", VALUE, "What the notice's template is filled with."),
      may("template", VALUE, "The template of the notice."),
    ),
    "What is done.",
  ),
);

export const STRATEGIES: readonly string[] = ["retry", "fail_immediately", "handler"];

const ERROR_CATEGORY: FieldKind = openObject(
  must("name", TEXT, "Tells the category among the others, and is shown with each error of it."),
  must("patterns", list(PATTERN), "Codes, or regular expressions over the message."),
  must("strategy", choice(...STRATEGIES), "What is done about a failure of this kind."),
  may(
    "handler",
    either(REFERENCE, object(must("steps", STEPS, "The steps that run."))),
    "What stands in for the step.",
  ),
  may("retry_policy", object(...RETRY_FIELDS), "When and how often it is tried again."),
  may("description", TEXT, "For people."),
);

const ERROR_HANDLING: FieldKind = openObject(
  may("default_strategy", TEXT, "What is done where nothing else is said."),
  may("error_categories", list(ERROR_CATEGORY), "Kinds of errors, the first that fits decides."),
  may(
    "on_failure",
    object(must("steps", STEPS, "Run once.")),
    "Runs when the workflow has failed, before compensation.",
  ),
  may("compensation", STEPS, "Runs after the compensation of steps."),
  may("dead_letter_queue", either(BOOLEAN, ANY), "False leaves failed executions out of the dead letters."),
);

const NOTIFICATION: FieldKind = openObject(
  may("name", TEXT, "For people."),
  may("on", ANY, "What it tells of."),
  may("events", ANY, "What it tells of."),
  may("channel", TEXT, "Where it goes."),
  may("channels", TEXTS, "Where it goes."),
  may("template", TEXT, "The template of the text."),
  may("message", VALUE, "The text."),
  may("data", VALUE, "What the template is filled with."),
);

const METRIC: FieldKind = openObject(
  must("name", TEXT, "Names the metric."),
  may("description", TEXT, "For people."),
  may("type", choice("counter", "gauge", "histogram", "summary"), "What kind it is."),
  may("value", VALUE, "What is counted or measured."),
  may("source", VALUE, "The same as `value`."),
  may("increment_on", CONDITION, "When it counts."),
  may("labels", ANY, "What it is split by."),
  may("buckets", { is: "list", of: { is: "number" } }, "Bounds of a histogram."),
  may("window", DURATION, "How far back it looks."),
);

const ALERT: FieldKind = openObject(
  must("name", TEXT, "Names the alert."),
  must("condition", CONDITION, "Over metrics."),
  may("for", DURATION, "How long the condition has to hold."),
  may("window", DURATION, "How far back it looks."),
  may("severity", TEXT, "How bad it is."),
  may("channels", TEXTS, "Where it goes."),
  may("labels", LABELS, "For routing."),
  may("description", TEXT, "For people."),
);

const MONITORING: FieldKind = openObject(
  may("metrics", list(METRIC), "Metrics of its own."),
  may("alerts", list(ALERT), "Alerts over metrics."),
  may("tracing", ANY, "What traces carry."),
  may("logging", ANY, "What logs carry."),
  may("health_checks", list(openObject(must("name", TEXT, "Names the check."))), "What has to work for it to work."),
);

const SECURITY: FieldKind = openObject(
  may("pii_fields", list(PATH), "Paths of what is masked wherever it is shown."),
  may("audit", ANY, "What is written to the audit log."),
  may("rbac", ANY, "Who may do what."),
  may("data_classification", TEXT, "How secret its data is."),
);

const RUNTIME_VALIDATION: FieldKind = openObject(
  may(
    "input_validation",
    openObject(
      may("enabled", BOOLEAN, "False leaves the input unchecked."),
      may("strict_mode", BOOLEAN, "Refuses properties that the schema does not name."),
      may("coerce_types", BOOLEAN, "Turns text into numbers where the schema wants them."),
    ),
    "How the input is checked.",
  ),
  may(
    "output_validation",
    openObject(
      may("enabled", BOOLEAN, "False leaves the output unchecked."),
      may("log_violations", BOOLEAN, "Records what breaks the schema."),
      may("fail_on_violation", BOOLEAN, "Fails the execution where the output breaks the schema."),
    ),
    "How the output is checked.",
  ),
);

const SPEC_FIELDS: readonly Field[] = [
  may("input_schema", SCHEMA, "What an input has to fit."),
  may("output_schema", SCHEMA, "What the output has to fit."),
  may("fail_on_violation", BOOLEAN, "Fails the execution where the output breaks the schema."),
  may("timeout", DURATION, "Of the whole execution."),
  may("timeout_action", choice(...TIMEOUT_ACTIONS), "What happens then."),
  may("fallback_step", REFERENCE, "The step that runs then, where the action is `fallback`."),
  may("retry_policy", object(...RETRY_FIELDS), "The default of steps that call out."),
  may(
    "compensation",
    object(may("order", choice("newest_first", "parallel"), "One after the other (the default), or all at once.")),
    "How completed steps are undone.",
  ),
  may("concurrency", CONCURRENCY, "How many executions at a time."),
  may("singleton", either(BOOLEAN, SINGLETON), "One execution at a time; a start meanwhile is answered with that one."),
  may("debounce", DEBOUNCE, "One execution for many starts that come close together."),
  may("rate_limit", RATE_LIMIT, "How many starts are accepted in a time."),
  may("conditions", list(NAMED_CONDITION), "Conditions with a name."),
  may("includes", list(INCLUDE), "Workflows that are used as steps."),
  may("triggers", list(TRIGGER), "What starts it."),
  must("steps", STEPS, "What it does."),
  may("output", VALUE, "The output of the execution."),
  may("error_handling", either(list(RULE), ERROR_HANDLING), "What is done about failures."),
  may("notifications", list(NOTIFICATION), "Whom it tells of what."),
  may("monitoring", MONITORING, "Metrics, alerts, traces and logs of its own."),
  may("security", SECURITY, "What is masked, and who may do what."),
  may("runtime_validation", RUNTIME_VALIDATION, "How input and output are checked."),
];

const HEADER_FIELDS: readonly Field[] = [
  must("apiVersion", choice(API_VERSION), "The version of the language."),
  must("kind", choice(...KINDS), "What the document is."),
];

export const WORKFLOW: FieldKind = object(
  ...HEADER_FIELDS,
  must("metadata", METADATA, "What it is called."),
  must("spec", object(...SPEC_FIELDS), "What it does."),
);

export const WORKFLOW_CONTEXT: FieldKind = object(
  ...HEADER_FIELDS,
  may("metadata", METADATA, "What it is called."),
  must(
    "spec",
    object(
      may("workflow", TEXT, "The workflow that it belongs to."),
      may("input_schema", SCHEMA, "What an input has to fit."),
      may("output_schema", SCHEMA, "What the output has to fit."),
    ),
    "The schemas.",
  ),
);

export const WORKFLOW_TEST: FieldKind = object(
  ...HEADER_FIELDS,
  may("metadata", METADATA, "What it is called."),
  must("spec", openObject(may("workflow", ANY, "The workflow that is tested.")), "What is tried and expected."),
);

/** By kind. */
export const DOCUMENTS: ReadonlyMap<string, FieldKind> = new Map([
  ["Workflow", WORKFLOW],
  ["WorkflowContext", WORKFLOW_CONTEXT],
  ["WorkflowTest", WORKFLOW_TEST],
]);
