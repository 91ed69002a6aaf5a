/** The little of RFC 3986 that `$id` and `$ref` need: to resolve a reference against a base, and to split off a fragment. */

interface Uri {
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly path: string;
  readonly query: string | null;
}

/** Splits without backtracking: each part ends at the first character that cannot belong to it. */
const PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/;

/** `reference` as seen from `base`, both without a fragment. */
export function resolveUri(base: string, reference: string): string {
  if (reference === "") return base;
  const to = parse(reference);
  if (to.scheme !== null) return format({ ...to, path: withoutDots(to.path) });
  const from = parse(base);
  if (to.authority !== null) return format({ ...to, scheme: from.scheme, path: withoutDots(to.path) });
  const { scheme, authority } = from;
  if (to.path === "") return format({ scheme, authority, path: from.path, query: to.query ?? from.query });
  const path = to.path.startsWith("/") ? to.path : from.path.slice(0, from.path.lastIndexOf("/") + 1) + to.path;
  return format({ scheme, authority, path: withoutDots(path), query: to.query });
}

/** The part before `#` and the decoded part after it; `fragment` is null where there is no `#` or its escapes are wrong. */
export function splitFragment(reference: string): { readonly uri: string; readonly fragment: string | null } {
  const hash = reference.indexOf("#");
  if (hash === -1) return { uri: reference, fragment: "" };
  return { uri: reference.slice(0, hash), fragment: decoded(reference.slice(hash + 1)) };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function parse(text: string): Uri {
  const [, scheme, authority, path, query] = PARTS.exec(text) ?? [];
  return { scheme: scheme ?? null, authority: authority ?? null, path: path ?? "", query: query ?? null };
}

function format({ scheme, authority, path, query }: Uri): string {
  const rooted = authority !== null && path !== "" && !path.startsWith("/") ? `/${path}` : path;
  return `${scheme === null ? "" : `${scheme.toLowerCase()}:`}${authority === null ? "" : `//${authority}`}${rooted}${query === null ? "" : `?${query}`}`;
}

function withoutDots(path: string): string {
  if (!path.includes(".")) return path;
  const segments: string[] = [];
  const parts = path.split("/");
  parts.forEach((segment, index) => {
    const isLast = index === parts.length - 1;
    if (segment === "..") {
      if (segments.length > 1 || (segments.length === 1 && segments[0] !== "")) segments.pop();
    } else if (segment !== ".") segments.push(segment);
    if (isLast && (segment === "." || segment === "..")) segments.push("");
  });
  return segments.join("/");
}
