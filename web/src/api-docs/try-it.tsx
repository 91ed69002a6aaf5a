/** Sends a request that one has filled in, shows what came back, and the same request in other languages. */

import { Button, Code, CopyButton, Group, JsonInput, Tabs, Text, TextInput, Title } from "@mantine/core";
import { IconCheck, IconCopy, IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { durationText } from "../parts/time.tsx";
import { exampleOf, type Operation, type Parameter } from "./document.ts";
import { LANGUAGES, type SampleRequest, sampleOf } from "./samples.ts";

interface Received {
  readonly status: number;
  readonly headers: string;
  readonly text: string;
  readonly ms: number;
}

/** More is not shown: a page is no place for a file. */
const TEXT_MAX = 200_000;
/** Streams go on for ever; what came until then is shown. */
const STREAM_MS = 3000;

export function TryIt({ operation, schemas }: { readonly operation: Operation; readonly schemas: JsonObject }) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [body, setBody] = useState(() =>
    operation.body === null ? "" : JSON.stringify(exampleOf(operation.body.schema, schemas), null, 2),
  );
  const isSocket = operation.answers.some(({ status }) => status === "101");
  const request = requestOf(operation, values, body);
  const sending = useMutation({ mutationFn: () => send(request) });
  const missing = operation.parameters.filter(({ isRequired, name }) => isRequired && (values[name] ?? "") === "");

  return (
    <section className="mf-panel mf-api-card mf-api-try" aria-labelledby="try">
      <Title order={2} id="try">
        Try it
      </Title>
      {operation.parameters.map((parameter) => (
        <ParameterInput
          key={`${parameter.place} ${parameter.name}`}
          parameter={parameter}
          value={values[parameter.name] ?? ""}
          change={(value) => setValues({ ...values, [parameter.name]: value })}
        />
      ))}
      {operation.body === null ? null : (
        <JsonInput
          label={`Body (${operation.body.types[0] ?? "application/json"})`}
          value={body}
          onChange={setBody}
          autosize
          minRows={4}
          maxRows={18}
          mt="sm"
          formatOnBlur
          validationError="This is no JSON."
          classNames={{ input: "mf-mono" }}
        />
      )}
      {isSocket ? (
        <Text fz="sm" c="dimmed" mt="sm">
          This operation changes to a WebSocket: it is used by programs.
        </Text>
      ) : (
        <Group mt="md" gap="sm">
          <Button
            leftSection={<IconSend size={16} aria-hidden />}
            onClick={() => sending.mutate()}
            loading={sending.isPending}
            disabled={missing.length > 0}
          >
            Send
          </Button>
          {missing.length === 0 ? null : (
            <Text fz="sm" c="dimmed">
              Fill in {missing.map(({ name }) => name).join(", ")}.
            </Text>
          )}
        </Group>
      )}
      <div aria-live="polite">
        {sending.isError ? (
          <Text c="var(--mf-bad)" mt="sm">
            Nothing came back: {sending.error.message}
          </Text>
        ) : null}
        {sending.data === undefined ? null : <Answer received={sending.data} />}
      </div>
      <Samples request={request} />
    </section>
  );
}

interface ParameterInputProps {
  readonly parameter: Parameter;
  readonly value: string;
  readonly change: (value: string) => void;
}

function ParameterInput({ parameter, value, change }: ParameterInputProps) {
  return (
    <TextInput
      label={parameter.name}
      withAsterisk={parameter.isRequired}
      placeholder={parameter.place === "path" ? "" : "left out"}
      description={parameter.place}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      mt="xs"
      size="sm"
    />
  );
}

function Answer({ received }: { readonly received: Received }) {
  return (
    <div className="mf-api-received">
      <Group gap="xs">
        <span
          className="mf-status"
          data-tone={received.status < 300 ? "good" : received.status < 500 ? "waiting" : "bad"}
        >
          {received.status}
        </span>
        <Text fz="sm" c="dimmed">
          {durationText(received.ms)}
        </Text>
      </Group>
      <Code block className="mf-api-block" tabIndex={0} aria-label="Answer">
        {received.text === "" ? "(no content)" : received.text}
      </Code>
      <details>
        <summary>Headers</summary>
        <Code block tabIndex={0} aria-label="Headers of the answer">
          {received.headers}
        </Code>
      </details>
    </div>
  );
}

function Samples({ request }: { readonly request: SampleRequest }) {
  return (
    <Tabs defaultValue="curl" mt="lg" aria-label="The same request elsewhere">
      <Tabs.List>
        {LANGUAGES.map((language) => (
          <Tabs.Tab key={language} value={language}>
            {language}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {LANGUAGES.map((language) => {
        const sample = sampleOf(language, request);
        return (
          <Tabs.Panel key={language} value={language} pos="relative">
            <Code block className="mf-api-block" tabIndex={0} aria-label={`Request in ${language}`}>
              {sample}
            </Code>
            <CopyButton value={sample}>
              {({ copied, copy }) => (
                <Button
                  size="compact-xs"
                  variant="default"
                  className="mf-api-copy"
                  onClick={copy}
                  leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
                >
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Tabs.Panel>
        );
      })}
    </Tabs>
  );
}

function requestOf(operation: Operation, values: Readonly<Record<string, string>>, body: string): SampleRequest {
  const given = operation.parameters.filter(({ name }) => (values[name] ?? "") !== "");
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name] ?? "";
    return value === "" ? whole : encodeURIComponent(value);
  });
  const query = new URLSearchParams(
    given.filter(({ place }) => place === "query").map(({ name }) => [name, values[name] ?? ""]),
  );
  const text = query.toString();
  return {
    method: operation.method,
    url: `${location.origin}${path}${text === "" ? "" : `?${text}`}`,
    headers: [
      ...given.filter(({ place }) => place === "header").map(({ name }) => [name, values[name] ?? ""] as const),
      ...(operation.body === null ? [] : [["content-type", operation.body.types[0] ?? "application/json"] as const]),
    ],
    body: operation.body === null || body.trim() === "" ? null : body,
  };
}

async function send({ method, url, headers, body }: SampleRequest): Promise<Received> {
  const begun = performance.now();
  const stop = new AbortController();
  const response = await fetch(url, {
    method,
    headers: headers.map(([name, value]) => [name, value]),
    body,
    signal: stop.signal,
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const text = isStream ? await readFor(response, STREAM_MS) : await response.text();
  stop.abort();
  return {
    status: response.status,
    headers: [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"),
    text: pretty(text).slice(0, TEXT_MAX),
    ms: performance.now() - begun,
  };
}

async function readFor(response: Response, ms: number): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return "";
  let text = "";
  const timer = setTimeout(() => void reader.cancel(), ms);
  while (text.length < TEXT_MAX) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  clearTimeout(timer);
  return text;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not everything is JSON: metrics and streams are shown as they are.
    return text;
  }
}
