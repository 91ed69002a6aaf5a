/** Semantic versions, as far as a registry needs them: their order, and which one is next. */

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `dev.4` is `["dev", "4"]`; empty for a release. */
  readonly prerelease: readonly string[];
}

const VERSION = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Null where the text is no semantic version. */
export function parseVersion(text: string): Version | null {
  const match = VERSION.exec(text);
  if (match === null) return null;
  const [, major, minor, patch, prerelease] = match;
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease: prerelease === undefined ? [] : prerelease.split("."),
  };
}

/** By precedence: negative where `a` comes first. Texts that are no versions come before all that are. */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePrerelease(left.prerelease, right.prerelease)
  );
}

/** A release comes after its own pre-releases; numbers come before words. */
function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0);
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifiers(a[i] ?? "", b[i] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareIdentifiers(a: string, b: string): number {
  const isNumberA = /^\d+$/.test(a);
  const isNumberB = /^\d+$/.test(b);
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The next patch; of a pre-release the release that it leads to. */
export function nextPatch(text: string): string {
  const version = parseVersion(text);
  if (version === null) return "1.0.0";
  const { major, minor, patch, prerelease } = version;
  return `${major}.${minor}.${prerelease.length > 0 ? patch : patch + 1}`;
}

/** The next one like `text` that is not taken: a further patch, or a further number of the same pre-release. */
export function nextFree(text: string, taken: ReadonlySet<string>): string {
  let next = text;
  do {
    next = following(next);
  } while (taken.has(next));
  return next;
}

function following(text: string): string {
  const version = parseVersion(text);
  const last = version?.prerelease.at(-1);
  if (version === null || last === undefined) return nextPatch(text);
  const { major, minor, patch, prerelease } = version;
  const identifiers = /^\d+$/.test(last)
    ? [...prerelease.slice(0, -1), String(Number(last) + 1)]
    : [...prerelease, "1"];
  return `${major}.${minor}.${patch}-${identifiers.join(".")}`;
}
