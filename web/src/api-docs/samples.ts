/** One request, as each language would send it. Every text that a person typed stands inside a literal of that language. */

export interface SampleRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
}

export const LANGUAGES = ["curl", "TypeScript", "Python", "Go", "Java"] as const;
export type Language = (typeof LANGUAGES)[number];

const WRITERS: Readonly<Record<Language, (request: SampleRequest) => string>> = {
  curl: toCurl,
  TypeScript: toTypeScript,
  Python: toPython,
  Go: toGo,
  Java: toJava,
};

export function sampleOf(language: Language, request: SampleRequest): string {
  return WRITERS[language](request);
}

function toCurl({ method, url, headers, body }: SampleRequest): string {
  const lines = [
    `curl -X ${method} ${shell(url)}`,
    ...headers.map(([name, value]) => `-H ${shell(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`-d ${shell(body)}`]),
  ];
  return lines.join(" \\\n  ");
}

/** Nothing means anything inside single quotes but a single quote. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function toTypeScript({ method, url, headers, body }: SampleRequest): string {
  const fields = [
    `  method: ${JSON.stringify(method)},`,
    ...(headers.length === 0
      ? []
      : [
          `  headers: { ${headers.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(", ")} },`,
        ]),
    ...(body === null ? [] : [`  body: ${JSON.stringify(body)},`]),
  ];
  return `const response = await fetch(${JSON.stringify(url)}, {\n${fields.join("\n")}\n});\nconsole.log(response.status, await response.json());`;
}

function toPython({ method, url, headers, body }: SampleRequest): string {
  const fields = [
    `    ${JSON.stringify(url)},`,
    `    method=${JSON.stringify(method)},`,
    `    headers={${headers.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(", ")}},`,
    ...(body === null ? [] : [`    data=${JSON.stringify(body)}.encode(),`]),
  ];
  return `from urllib.request import Request, urlopen\n\nrequest = Request(\n${fields.join("\n")}\n)\nwith urlopen(request) as response:\n    print(response.status, response.read().decode())`;
}

function toGo({ method, url, headers, body }: SampleRequest): string {
  const content = body === null ? "nil" : `strings.NewReader(${JSON.stringify(body)})`;
  return [
    `request, err := http.NewRequestWithContext(ctx, ${JSON.stringify(method)}, ${JSON.stringify(url)}, ${content})`,
    "if err != nil {",
    "\treturn err",
    "}",
    ...headers.map(([name, value]) => `request.Header.Set(${JSON.stringify(name)}, ${JSON.stringify(value)})`),
    "response, err := http.DefaultClient.Do(request)",
    "if err != nil {",
    "\treturn err",
    "}",
    "defer response.Body.Close()",
  ].join("\n");
}

function toJava({ method, url, headers, body }: SampleRequest): string {
  const publisher =
    body === null
      ? "HttpRequest.BodyPublishers.noBody()"
      : `HttpRequest.BodyPublishers.ofString(${JSON.stringify(body)})`;
  return [
    `HttpRequest request = HttpRequest.newBuilder(URI.create(${JSON.stringify(url)}))`,
    ...headers.map(([name, value]) => `    .header(${JSON.stringify(name)}, ${JSON.stringify(value)})`),
    `    .method(${JSON.stringify(method)}, ${publisher})`,
    "    .build();",
    "HttpResponse<String> response =",
    "    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());",
  ].join("\n");
}
