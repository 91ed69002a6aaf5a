/**
 * Performs `http` steps.
 *
 *     fields ──► request ──► exchange ──► redirect? ──► answer ──► output, or HTTP_<status>
 *
 * Each request carries an idempotency key that is the same for all attempts of a step, so that a server which has done
 * the work can say so instead of doing it twice.
 */

import type { Json } from "../../../core/base/json.ts";
import type { StepError } from "../../../core/engine/error.ts";
import type { EngineTask } from "../../../core/engine/reactions.ts";
import type { Performed, Performer } from "../../../ports/performer.ts";
import { AddressDenied, createAddressPolicy, type OutgoingRules, type Resolve } from "./address-policy.ts";
import { BadRequest } from "./bad-request.ts";
import { AnswerTooLarge, createExchange, type Exchange } from "./exchange.ts";
import { followed, isRedirect, REDIRECTS_MAX } from "./redirects.ts";
import { type HttpRequest, readRequest } from "./request.ts";
import { decode, type RawResponse, tooLarge } from "./response.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { readServices, type ServiceSettings } from "./services.ts";
import { shown } from "./url.ts";

export interface HttpPerformerOptions {
  readonly services: Readonly<Record<string, ServiceSettings>>;
  readonly outgoing: OutgoingRules;
  /** How much of an answer is taken: what travels in line. */
  readonly bytesMax: number;
  /** For `Retry-After` dates. */
  readonly now: () => number;
  /** How names are looked up; the system's way, unless given. */
  readonly resolve?: Resolve;
}

/** Calls wait more than they work. */
const CONCURRENCY_MAX = 256;

/** A step without any time-out must not hold a connection for ever. */
const TIMEOUT_MS_DEFAULT = 10 * 60_000;

/** How much of an error's answer is kept with the error. */
const ERROR_BYTES_MAX = 4096;

export function createHttpPerformer(options: HttpPerformerOptions): Performer {
  const services = readServices(options.services);
  const exchange = createExchange(createAddressPolicy(options.outgoing, options.resolve));

  return {
    executor: "@http",
    concurrencyMax: CONCURRENCY_MAX,
    async perform({ task, signal }) {
      let request: HttpRequest;
      try {
        request = readRequest(task.input, { services, idempotencyKey: `${task.executionId}/${task.path}` });
      } catch (error) {
        if (error instanceof BadRequest) return failed({ code: "VALIDATION_FAILED", message: error.message });
        throw error;
      }
      const timeoutMs = request.timeoutMs ?? (task.timeoutMs === null ? TIMEOUT_MS_DEFAULT : null);
      const deadline = timeoutMs === null ? null : AbortSignal.timeout(timeoutMs);
      try {
        return await call(request, task, deadline === null ? signal : AbortSignal.any([signal, deadline]));
      } catch (error) {
        return failed(toError(error, request, task, deadline?.aborted === true ? timeoutMs : null));
      }
    },
    async [Symbol.asyncDispose]() {
      exchange.close();
    },
  };

  async function call(request: HttpRequest, task: EngineTask, signal: AbortSignal): Promise<Performed> {
    const response = await sendAndFollow(exchange, request, signal);
    if (!isExpected(request, response.status)) return failed(refused(request, response));
    const decoded = decode(response, options.bytesMax);
    if (!decoded.ok)
      return failed({ ...decoded.problem, message: `${decoded.problem.message} (Step "${task.step}".)` });
    return { status: "completed", output: decoded.value, http: { status: response.status, headers: response.headers } };
  }

  async function sendAndFollow(exchange: Exchange, request: HttpRequest, signal: AbortSignal): Promise<RawResponse> {
    const read = (status: number) =>
      isExpected(request, status)
        ? { bytesMax: options.bytesMax, isCut: false }
        : { bytesMax: ERROR_BYTES_MAX, isCut: true };
    let message: Pick<HttpRequest, "url" | "method" | "headers" | "body"> = request;
    for (let redirects = 0; ; redirects++) {
      const response = await exchange.send(message, read, signal);
      const isEnd = isExpected(request, response.status) || !isRedirect(response) || redirects === REDIRECTS_MAX;
      if (isEnd) return response;
      message = followed(message, response);
    }
  }

  function refused(request: HttpRequest, response: RawResponse): StepError {
    const retryAfter = parseRetryAfter(response.headers["retry-after"], options.now());
    const ranges = request.expected.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
    return {
      code: `HTTP_${response.status}`,
      message: `Expected ${request.method} ${shown(request.url)} to answer with status ${ranges}, but it answered with ${response.status}.`,
      details: { status: response.status, body: excerpt(response) },
      ...(retryAfter === null ? {} : { retry_after: retryAfter }),
    };
  }

  function toError(error: unknown, request: HttpRequest, task: EngineTask, overMs: number | null): StepError {
    const target = `${request.method} ${shown(request.url)}`;
    if (overMs !== null)
      return { code: "TIMEOUT", message: `Expected ${target} to answer within ${overMs} ms, but it did not.` };
    if (error instanceof BadRequest) return { code: "VALIDATION_FAILED", message: error.message };
    if (error instanceof AnswerTooLarge)
      return { code: "PAYLOAD_TOO_LARGE", message: `${tooLarge(options.bytesMax)} (Step "${task.step}".)` };
    if (error instanceof AddressDenied) {
      return {
        code: "CONNECTION_FAILED",
        message: `Expected ${target} to be open to steps, but ${error.message}.`,
        retryable: false,
      };
    }
    return { code: "CONNECTION_FAILED", message: `Expected ${target} to answer, but ${reason(error)}.` };
  }
}

function failed(error: StepError): Performed {
  return { status: "failed", error };
}

function isExpected(request: HttpRequest, status: number): boolean {
  return request.expected.some(({ from, to }) => from <= status && status <= to);
}

/** What the server said about it, as far as it can be read. */
function excerpt(response: RawResponse): Json {
  const decoded = decode(response, ERROR_BYTES_MAX);
  if (decoded.ok) return decoded.value;
  return response.bytes.toString("utf8");
}

/** Addresses of several families fail as one error with several inside; the first says it best. */
function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
