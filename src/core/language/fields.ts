/**
 * Everything that may be written in a document, said once.
 *
 * Each object of the canonical form is a list of fields: name, kind, whether it must be there, and what it is for. The
 * checks read wrong, missing and unknown fields off this table, the compiler reads off it which strings are expressions,
 * and forms can be drawn from it. Spellings that are accepted besides these are in `parse/aliases.ts`.
 */

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required?: boolean;
  /** One sentence for people who fill in a form. */
  readonly summary: string;
}

export type FieldKind =
  /** Plain text, never evaluated. */
  | { readonly is: "text"; readonly lengthMax?: number }
  | { readonly is: "choice"; readonly of: readonly string[] }
  | { readonly is: "boolean" }
  /** A semantic version. */
  | { readonly is: "version" }
  | { readonly is: "integer"; readonly min?: number; readonly max?: number }
  | { readonly is: "number"; readonly min?: number; readonly max?: number }
  | { readonly is: "duration" }
  /** A JSON Schema. */
  | { readonly is: "schema" }
  /** A bare expression that gives true or false. */
  | { readonly is: "condition" }
  /** Any JSON; strings in it may be paths, expressions or templates. */
  | { readonly is: "value" }
  /** The same, and it has to be an object where it is written out. */
  | { readonly is: "mapping" }
  /** A program in another language: text that is never evaluated here. */
  | { readonly is: "source" }
  | { readonly is: "sql" }
  /** Any JSON, never evaluated. */
  | { readonly is: "any" }
  /** A list of steps: a scope of its own. */
  | { readonly is: "steps" }
  /** One step. */
  | { readonly is: "step" }
  /** The name of a step. */
  | { readonly is: "reference" }
  | { readonly is: "object"; readonly fields: readonly Field[]; readonly isOpen?: boolean }
  | { readonly is: "list"; readonly of: FieldKind; readonly lengthMax?: number }
  /** An object whose names are free. */
  | { readonly is: "map"; readonly of: FieldKind }
  /** Whichever of these fits what is written. */
  | { readonly is: "either"; readonly of: readonly FieldKind[] };

const TEXT: FieldKind = { is: "text" };
const VERSION: FieldKind = { is: "version" };
const BOOLEAN: FieldKind = { is: "boolean" };
const DURATION: FieldKind = { is: "duration" };
const SCHEMA: FieldKind = { is: "schema" };
const CONDITION: FieldKind = { is: "condition" };
const VALUE: FieldKind = { is: "value" };
const MAPPING: FieldKind = { is: "mapping" };
const SOURCE: FieldKind = { is: "source" };
const ANY: FieldKind = { is: "any" };
const STEPS: FieldKind = { is: "steps" };
const STEP: FieldKind = { is: "step" };
const REFERENCE: FieldKind = { is: "reference" };
const COUNT: FieldKind = { is: "integer", min: 1, max: 1_000_000_000 };
const SHARE: FieldKind = { is: "number", min: 0, max: 1 };
const TEXTS: FieldKind = { is: "list", of: TEXT };
const LABELS: FieldKind = { is: "map", of: ANY };

const choice = (...of: readonly string[]): FieldKind => ({ is: "choice", of });
const object = (...fields: readonly Field[]): FieldKind => ({ is: "object", fields });
/** Fields beyond these are left to whoever reads the object; one that looks like a slip gets a warning. */
const openObject = (...fields: readonly Field[]): FieldKind => ({ is: "object", fields, isOpen: true });
const list = (of: FieldKind): FieldKind => ({ is: "list", of });
const either = (...of: readonly FieldKind[]): FieldKind => ({ is: "either", of });

const may = (name: string, kind: FieldKind, summary: string): Field => ({ name, kind, summary });
const must = (name: string, kind: FieldKind, summary: string): Field => ({ name, kind, summary, required: true });

export const API_VERSION = "workflow.magic-flow.io/v2";
export const KINDS: readonly string[] = ["Workflow", "WorkflowContext", "WorkflowTest"];
export const TIMEOUT_ACTIONS: readonly string[] = ["fail", "retry", "fallback", "ignore", "cancel_and_cleanup"];
export const BACKOFFS: readonly string[] = ["fixed", "linear", "exponential"];
export const RULE_ACTIONS: readonly string[] = ["return_error", "compensate", "fallback", "continue", "notify"];

/** Named levels of priority stand for 2, 5, 7 and 9. */
const PRIORITY: FieldKind = either(choice("low", "normal", "high", "critical"), { is: "integer", min: 0, max: 9 });

// --- resilience ----------------------------------------------------------------------------------------------------

/** A code or a condition over `error`; which of the two is told by its characters. */
const RETRY_RULE: FieldKind = { is: "condition" };

export const RETRY_FIELDS: readonly Field[] = [
  may("max_attempts", { is: "integer", min: 1, max: 10_000 }, "All attempts, the first included."),
  may("backoff", choice(...BACKOFFS), "How the delay grows from attempt to attempt."),
  may("initial_delay", DURATION, "The delay before the second attempt."),
  may("max_delay", DURATION, "No delay is longer than this."),
  may("multiplier", { is: "number", min: 1, max: 1000 }, "What each delay of an exponential backoff is multiplied by."),
  may("jitter", BOOLEAN, "Draws each delay evenly between its half and its whole."),
  may("retry_on", either(list(RETRY_RULE), RETRY_RULE), "Codes and conditions that are retried, instead of the usual."),
];

export const BREAKER_FIELDS: readonly Field[] = [
  may("enabled", BOOLEAN, "False switches the breaker off."),
  may("failure_threshold", COUNT, "Opens after this many failures in a row."),
  may("failure_rate_threshold", SHARE, "Opens at this share of failures among at least 10 calls in 60 s."),
  may("recovery_timeout", DURATION, "How long it stays open before it lets calls through to see."),
  may("half_open_max_calls", COUNT, "How many calls it lets through to see."),
  may("on_open", choice("fail", "wait"), "Whether a step fails at once while it is open, or waits."),
];

const INLINE_STEPS: readonly Field[] = [
  may("when", CONDITION, "A condition over `error`."),
  must("steps", STEPS, "The steps that run."),
];

// --- steps ---------------------------------------------------------------------------------------------------------

/** Fields that every step may have, whatever its type. */
export const STEP_FIELDS: readonly Field[] = [
  must("name", TEXT, "Unique in the whole workflow."),
  must("type", TEXT, "What the step does."),
  may("description", TEXT, "For people."),
  may("when", CONDITION, "The step is skipped unless this holds."),
  may("depends_on", either(list(REFERENCE), REFERENCE), "Exactly the steps that lead here; none starts it at once."),
  may("on_success", either(list(REFERENCE), REFERENCE), "Where the step leads when it has completed."),
  may("on_failure", either(REFERENCE, object(...INLINE_STEPS)), "Where it leads when it has failed for good."),
  may("join", choice("settled", "all", "any"), "Which of its incoming edges it waits for."),
  may("input", VALUE, "What the step gets."),
  may("output", VALUE, "What later steps can read of its result."),
  may("timeout", DURATION, "Of one attempt where the step calls out, else of the whole step."),
  may("timeout_action", choice(...TIMEOUT_ACTIONS), "What happens then."),
  may("queue_timeout", DURATION, "From scheduled until an executor takes it."),
  may("total_timeout", DURATION, "All attempts and the delays between them."),
  may("heartbeat_timeout", DURATION, "The longest silence of an executor at work on it."),
  may("retry", object(...RETRY_FIELDS), "When and how often it is tried again."),
  may("circuit_breaker", object(...BREAKER_FIELDS), "Stops calling a target that keeps failing."),
  may("fallback_step", REFERENCE, "The step that stands in for this one when it fails."),
  may("fallback", object(...INLINE_STEPS), "Steps that stand in for this one when it fails."),
  may("default_output", VALUE, "The output that stands in for this step's when it fails."),
  may("failure_message", VALUE, "The message of the error with which the step fails."),
  may("compensate", either(REFERENCE, STEP), "The step that undoes this one when the execution fails."),
  may("priority", PRIORITY, "Before which others its tasks are taken."),
  may("labels", LABELS, "Its tasks go to instances that have these."),
  may("annotations", { is: "map", of: ANY }, "For people and tools."),
];

/** What a type has besides the common fields; a field of the same name replaces the common one. */
export interface StepType {
  readonly name: string;
  readonly summary: string;
  readonly fields: readonly Field[];
  /** The platform makes the call itself, so that secrets may stand in its fields. */
  readonly mayNameSecrets?: boolean;
}

export const STEP_TYPES: ReadonlyMap<string, StepType> = new Map(
  (
    [
      {
        name: "function",
        summary: "Calls a function of an executor.",
        fields: [must("executor", TEXT, "Whose function it is."), must("function", TEXT, "The function's name.")],
      },
      {
        name: "http",
        summary: "Makes an HTTP request.",
        mayNameSecrets: true,
        fields: [
          may("url", VALUE, "The whole address."),
          may("service", VALUE, "A service whose base address is configured."),
          may("endpoint", VALUE, "The path at that service."),
          may("method", VALUE, "POST with a body or an input, else GET."),
          may("headers", VALUE, "Request headers."),
          may("query", VALUE, "Parameters of the query string."),
          may("body", VALUE, "The body, sent as JSON unless it is text."),
          may("auth", VALUE, "How the request proves who sends it."),
          may("expect_status", ANY, "Status codes that are fine: 200, 2xx, 200-299, or a list of these."),
          may("idempotency_key", VALUE, "Sent with every attempt in place of our own."),
          may(
            "cache",
            object(
              may("enabled", BOOLEAN, "False switches it off."),
              may("ttl", DURATION, "How long an answer may be used again."),
              may("key", VALUE, "Requests with an equal key share an answer."),
            ),
            "Uses an earlier answer again.",
          ),
        ],
      },
      {
        name: "grpc",
        summary: "Makes a unary gRPC call.",
        mayNameSecrets: true,
        fields: [
          must("address", VALUE, "Host and port."),
          must("service", VALUE, "The full name of the service."),
          must("method", VALUE, "The method's name."),
          may("proto", SOURCE, "The proto file; without it the server is asked by reflection."),
          may("reflection", BOOLEAN, "Ask the server what it offers."),
          may("metadata", VALUE, "Headers of the call."),
          may("tls", VALUE, "Whether and how the connection is encrypted."),
          may("message", VALUE, "The request; the input unless given."),
        ],
      },
      {
        name: "database",
        summary: "Runs a parametrised statement or a document operation.",
        mayNameSecrets: true,
        fields: [
          must("connection", VALUE, "The configured connection."),
          may(
            "operation",
            choice("query", "insert", "update", "upsert", "delete", "find", "aggregate", "count", "execute"),
            "What it does; a query where `sql` is given.",
          ),
          may("table", VALUE, "The table."),
          may("collection", VALUE, "The collection of documents."),
          may("sql", { is: "sql" }, "The statement, with parameters for whatever is not constant."),
          may("params", VALUE, "The parameters of the statement, by name or in order."),
          may("data", VALUE, "What is written; `input.data` unless given."),
          may("where", VALUE, "Which rows; `input.where` unless given."),
          may("columns", VALUE, "Which columns are read."),
          may("returning", VALUE, "Which columns of written rows come back."),
          may("conflict", VALUE, "The columns that decide whether an upsert inserts or updates."),
          may("order_by", VALUE, "In which order rows come."),
          may("limit", VALUE, "How many rows at most."),
          may("offset", VALUE, "How many rows are left out first."),
          may("pipeline", VALUE, "The stages of an aggregation of documents."),
        ],
      },
      {
        name: "message_queue",
        summary: "Publishes a message.",
        mayNameSecrets: true,
        fields: [
          may("broker", VALUE, "The configured connection to the broker."),
          may("connection", VALUE, "The same as `broker`."),
          may("topic", VALUE, "Where Kafka or NATS publish to."),
          may("queue", VALUE, "The queue or stream."),
          may("exchange", VALUE, "The exchange at RabbitMQ."),
          may("routing_key", VALUE, "Which queues of the exchange get it."),
          may("key", VALUE, "Messages with an equal key keep their order."),
          may("partition", VALUE, "The partition."),
          may("headers", VALUE, "Headers of the message."),
          may("message", VALUE, "The message; `input.message` unless given."),
          may("message_format", choice("json", "cloudevents"), "How it is written."),
          may("persistent", BOOLEAN, "Survives a restart of the broker."),
        ],
      },
      {
        name: "transform",
        summary: "Turns data into other data, by a script or a mapping.",
        fields: [
          may(
            "language",
            choice("jsonata", "javascript", "expression"),
            "JavaScript for a `script`, JSONata for an `expression`, unless given.",
          ),
          may("script", SOURCE, "JavaScript with a function `transform(input)`, or JSONata."),
          may("expression", SOURCE, "One expression in the language."),
          may("mapping", VALUE, "The result, built from expressions in which `input` is the step's input."),
        ],
      },
      {
        name: "validate",
        summary: "Checks data against a schema or rules.",
        fields: [
          may("schema", SCHEMA, "What the input has to fit."),
          may(
            "rules",
            list(
              either(
                object(
                  may("name", TEXT, "Named in the error."),
                  must("condition", CONDITION, "What has to hold of the input."),
                  may("message", TEXT, "What is said where it does not."),
                ),
                CONDITION,
              ),
            ),
            "What has to hold besides.",
          ),
          may("on_invalid", choice("fail", "continue"), "Whether the step fails, or completes and says so."),
        ],
      },
      {
        name: "aggregate",
        summary: "Groups and sums up a list.",
        fields: [
          must("source", VALUE, "The list."),
          may("group_by", VALUE, "The fields that make a group."),
          may("metrics", VALUE, "What is worked out for each group."),
          may("filter", VALUE, "Which items count."),
          may("sort", VALUE, "In which order the groups come."),
          may("limit", VALUE, "How many groups at most."),
        ],
      },
      {
        name: "set",
        summary: "Sets variables of the workflow, read as `context`.",
        fields: [must("variables", MAPPING, "Names and values; each sees those before it.")],
      },
      {
        name: "condition",
        summary: "Runs one list of steps or another.",
        fields: [
          must("condition", CONDITION, "Decides."),
          may("then", STEPS, "Run where it holds."),
          may("else", STEPS, "Run where it does not."),
        ],
      },
      {
        name: "switch",
        summary: "Runs the first case that fits.",
        fields: [
          must(
            "cases",
            list(
              object(may("name", TEXT, "For people."), must("when", CONDITION, "Fits."), must("steps", STEPS, "Run.")),
            ),
            "Tried in order.",
          ),
          may("default", STEPS, "Run where no case fits."),
        ],
      },
      {
        name: "parallel",
        summary: "Runs branches side by side.",
        fields: [
          must(
            "branches",
            list(object(must("name", TEXT, "Unique among the branches."), must("steps", STEPS, "Run in order."))),
            "What runs.",
          ),
          may("join", either(choice("all", "any"), COUNT), "How many branches have to complete."),
          may("fail_fast", BOOLEAN, "The first failed branch fails the step."),
          may("max_concurrency", COUNT, "How many branches at a time."),
        ],
      },
      {
        name: "loop",
        summary: "Runs steps for each item, while a condition holds, or a number of times.",
        fields: [
          may("iterate_over", VALUE, "The list."),
          may("while", CONDITION, "Read before each iteration."),
          may("times", VALUE, "The number of iterations."),
          may("item_variable", TEXT, "The name of the item in the steps."),
          may("index_variable", TEXT, "The name of the iteration's number, from 0."),
          may("parallel", BOOLEAN, "Iterations run side by side."),
          may("batch_size", COUNT, "How many iterations at a time."),
          may("max_concurrency", COUNT, "The same as `batch_size`."),
          may("chunk_size", COUNT, "Each iteration gets a list of so many items."),
          may("max_iterations", COUNT, "More fail the step."),
          may("fail_fast", BOOLEAN, "The first failed iteration fails the step."),
          must("steps", STEPS, "The body."),
        ],
      },
      {
        name: "try",
        summary: "Runs steps and handles their failure.",
        fields: [
          must("steps", STEPS, "What is tried."),
          may(
            "catch",
            list(
              object(
                may("codes", either(list(TEXT), TEXT), "Errors with these codes; any unless given."),
                may("when", CONDITION, "A condition over `error`."),
                may("as", TEXT, "A name for the error in the steps."),
                must("steps", STEPS, "What handles it."),
              ),
            ),
            "Handlers, the first that fits is run.",
          ),
          may("finally", STEPS, "Run in any case."),
        ],
      },
      {
        name: "workflow",
        summary: "Runs another workflow as a child.",
        fields: [
          must("workflow", VALUE, "Its name, or the alias under which it is included."),
          may("version", VERSION, "The active version when the child starts, unless given."),
          may("wait", BOOLEAN, "Waits for its end."),
        ],
      },
      {
        name: "wait",
        summary: "Pauses.",
        fields: [
          may("duration", VALUE, "How long: a duration, or a number of seconds."),
          may("until", VALUE, "Until when: a time with date and zone."),
        ],
      },
      {
        name: "wait_for_event",
        summary: "Waits for a signal or an event.",
        fields: [
          must("event", VALUE, "Its name."),
          may("correlation", VALUE, "The key that the event has to carry."),
          may("filter", CONDITION, "A condition over `event`."),
        ],
      },
      {
        name: "human_task",
        summary: "Gives a form to a person and waits for the answers.",
        fields: [
          may("title", VALUE, "What the person reads first."),
          may("instructions", VALUE, "What is to be done."),
          may("assignee", VALUE, "Who does it."),
          may("candidate_groups", VALUE, "Groups whose members may claim it."),
          may("candidate_users", VALUE, "People who may claim it."),
          may("form", VALUE, "The fields of the form."),
          may("data", VALUE, "What the person is shown."),
          may("priority", VALUE, "How urgent it is."),
          may("due", VALUE, "When it should be done."),
          may("escalation", VALUE, "Who is told when it is not."),
          may("reminders", VALUE, "When the person is told again."),
        ],
      },
      {
        name: "notification",
        summary: "Tells people, by a named channel.",
        mayNameSecrets: true,
        fields: [
          may("channel", VALUE, "The channel."),
          may("channels", VALUE, "Several channels."),
          may("template", VALUE, "The template of the text."),
          may("data", VALUE, "What the template is filled with."),
          may("message", VALUE, "The text, without a template."),
          may("subject", VALUE, "The subject or title."),
          may("title", VALUE, "The same as `subject`."),
          may("recipients", VALUE, "Who gets it, where the channel leaves that open."),
          may("to", VALUE, "The same as `recipients`."),
          may("severity", VALUE, "How bad it is."),
        ],
      },
      {
        name: "webhook",
        summary: "Makes a signed call as Standard Webhooks describe it.",
        mayNameSecrets: true,
        fields: [
          must("url", VALUE, "Who is called."),
          may("event", VALUE, "The type of the event."),
          may("payload", VALUE, "Its data; the input unless given."),
          may("headers", VALUE, "Request headers."),
          may("secret", VALUE, "What it is signed with."),
          may("method", VALUE, "POST unless given."),
        ],
      },
      {
        name: "emit",
        summary: "Publishes an event that other workflows can start or wait on.",
        fields: [
          must("event", VALUE, "Its name."),
          may("data", VALUE, "What it carries; the input unless given."),
          may("correlation_key", VALUE, "Waits with this key take it."),
        ],
      },
      {
        name: "fail",
        summary: "Ends its scope as failed.",
        fields: [
          may("code", VALUE, "The code of the error."),
          may("message", VALUE, "Its message."),
          may("details", VALUE, "Whatever else is known."),
        ],
      },
      {
        name: "return",
        summary: "Ends the execution as completed, now.",
        fields: [may("output", VALUE, "The output of the execution.")],
      },
    ] satisfies readonly StepType[]
  ).map((type): [string, StepType] => [type.name, type]),
);

/** All fields of a step of a type, the type's own in place of common ones of the same name. */
export function stepFields(type: StepType): readonly Field[] {
  const own = new Set(type.fields.map((field) => field.name));
  return [...STEP_FIELDS.filter((field) => !own.has(field.name)), ...type.fields];
}

// --- documents -----------------------------------------------------------------------------------------------------

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

const ERROR_CATEGORY: FieldKind = openObject(
  must("name", TEXT, "For people."),
  must("patterns", either(TEXTS, TEXT), "Codes, or regular expressions over the message."),
  must("strategy", TEXT, "What is done: retry, fail_immediately, handler."),
  may("handler", TEXT, "The step that handles it."),
  ...RETRY_FIELDS,
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
  may("pii_fields", TEXTS, "Paths of what is masked wherever it is shown."),
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
  may("concurrency", CONCURRENCY, "How many executions at a time."),
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
