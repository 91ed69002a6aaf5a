/** Content types, read strictly: what is not exactly a media type is none. */

export interface MediaType {
  /** In lower case, without parameters. */
  readonly type: string;
  readonly charset: string | null;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})((?: *; *${TOKEN}=(?:${TOKEN}|"[^"\\\\\\r\\n]*"))*) *;? *$`);
const CHARSET = /; *charset="?([^";\s]+)"?/i;

/** Null where the text is no media type. */
export function parseMediaType(text: string): MediaType | null {
  if (text === "application/json") return { type: text, charset: null };
  if (text.length > 200) return null;
  const match = MEDIA_TYPE.exec(text);
  if (match === null) return null;
  return { type: (match[1] ?? "").toLowerCase(), charset: CHARSET.exec(match[2] ?? "")?.[1]?.toLowerCase() ?? null };
}

export function isJsonType(type: string): boolean {
  return type === "application/json" || /^application\/[^/]+\+json$/.test(type);
}
