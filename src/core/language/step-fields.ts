/** What may be written in a step: the fields that all steps have, and those of each type. */

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
  MAPPING,
  may,
  must,
  object,
  PRIORITY,
  REFERENCE,
  SCHEMA,
  SHARE,
  SOURCE,
  STEP,
  STEPS,
  TEXT,
  VALUE,
  VERSION,
} from "./fields.ts";

export const TIMEOUT_ACTIONS: readonly string[] = ["fail", "retry", "fallback", "ignore", "cancel_and_cleanup"];
export const BACKOFFS: readonly string[] = ["fixed", "linear", "exponential"];

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
