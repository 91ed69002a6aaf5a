/**
 * The formats that are asserted: each a test of a string. A name that is not here is an annotation.
 *
 * The tests run on data from outside, so none may backtrack: regular expressions here have no repetition inside a
 * repetition that could match the same text in two ways, and what is longer than a plain pattern is taken apart first.
 */

/** What a message calls the format, and its test. */
export interface Format {
  readonly name: string;
  fits(text: string): boolean;
}

export const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["date-time", { name: 'a date and time such as "2026-03-01T09:30:00Z"', fits: isDateTime }],
  ["date", { name: 'a date such as "2026-03-01"', fits: isDate }],
  ["time", { name: 'a time such as "09:30:00Z"', fits: isTime }],
  ["duration", { name: 'an ISO 8601 duration such as "P3DT12H"', fits: isIsoDuration }],
  ["email", { name: "an e-mail address", fits: (text) => isEmail(text, isAscii) }],
  ["idn-email", { name: "an e-mail address", fits: (text) => isEmail(text, () => true) }],
  ["hostname", { name: "a host name", fits: isHostname }],
  ["idn-hostname", { name: "a host name", fits: isInternationalHostname }],
  ["ipv4", { name: "an IPv4 address", fits: isIpv4 }],
  ["ipv6", { name: "an IPv6 address", fits: isIpv6 }],
  ["uri", { name: "an absolute URI", fits: (text) => isUri(text, isAscii) && SCHEME.test(text) }],
  ["uri-reference", { name: "a URI or a relative reference", fits: (text) => isUri(text, isAscii) }],
  ["iri", { name: "an absolute IRI", fits: (text) => isUri(text, () => true) && SCHEME.test(text) }],
  ["iri-reference", { name: "an IRI or a relative reference", fits: (text) => isUri(text, () => true) }],
  ["uri-template", { name: "a URI template", fits: isUriTemplate }],
  ["uuid", { name: "a UUID", fits: matches(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i) }],
  ["json-pointer", { name: "a JSON pointer", fits: matches(/^(?:\/(?:[^~/]|~[01])*)*$/) }],
  [
    "relative-json-pointer",
    { name: "a relative JSON pointer", fits: matches(/^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/) },
  ],
  ["regex", { name: "a regular expression", fits: isRegex }],
]);

function matches(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text);
}

function isAscii(text: string): boolean {
  return /^[\u0000-\u007f]*$/.test(text);
}

function isDateTime(text: string): boolean {
  return (text[10] === "T" || text[10] === "t") && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (day === undefined) return false;
  const isLeap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month) - 1];
  return days !== undefined && Number(day) >= 1 && Number(day) <= days;
}

/** With an offset, as RFC 3339 has it. Second 60 is a leap second and stands only at the end of a UTC day. */
function isTime(text: string): boolean {
  const parts = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text);
  if (parts === null) return false;
  const [, hour, minute, second, sign, offsetHour, offsetMinute] = parts;
  const offset = sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute));
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return false;
  if (Number(offsetHour ?? 0) > 23 || Number(offsetMinute ?? 0) > 59) return false;
  if (Number(second) < 60) return true;
  return (((Number(hour) * 60 + Number(minute) - offset) % 1440) + 1440) % 1440 === 1439;
}

function isIsoDuration(text: string): boolean {
  if (/^P\d+W$/.test(text)) return true;
  const [, date, time] = /^P([^T]*)(?:T(.+))?$/.exec(text) ?? [];
  if (date === undefined || (date === "" && time === undefined)) return false;
  // Units follow one another without a gap: years and days alone are not enough to skip the months.
  const isDatePart = date === "" || /^(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)$/.test(date);
  return isDatePart && (time === undefined || /^(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)$/.test(time));
}

function isEmail(text: string, isAllowed: (text: string) => boolean): boolean {
  const at = text.lastIndexOf("@");
  if (at < 1 || at > 64 || !isAllowed(text)) return false;
  const local = text.slice(0, at);
  const isLocal = local.startsWith('"')
    ? /^"(?:[^"\\\u0000-\u001f\u007f]|\\[ -~])*"$/.test(local)
    : /^[^\s"(),:;<>@[\\\]\u0000-\u001f\u007f]+$/.test(local) && !/^\.|\.\.|\.$/.test(local);
  return isLocal && isMailHost(text.slice(at + 1));
}

function isMailHost(host: string): boolean {
  if (!host.startsWith("[")) return isAscii(host) ? isHostname(host) : isInternationalHostname(host);
  if (!host.endsWith("]")) return false;
  const address = host.slice(1, -1);
  return /^ipv6:/i.test(address) ? isIpv6(address.slice(5)) : isIpv4(address);
}

function isHostname(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split(".").every((label) => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
  );
}

function isInternationalHostname(text: string): boolean {
  if (text.length > 253) return false;
  return text
    .split(/[.。．｡]/)
    .every((label) => /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u.test(label));
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    const last = parts.at(-1) ?? "";
    // The last 32 bits may be written as an IPv4 address.
    if (index === halves.length - 1 && last.includes(".")) {
      if (!isIpv4(last)) return false;
      parts.pop();
      groups += 2;
    }
    if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return false;
    groups += parts.length;
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

function isUri(text: string, isAllowed: (text: string) => boolean): boolean {
  if (!isAllowed(text)) return false;
  const [, scheme, authority, path = "", query = "", fragment = ""] =
    /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  if (scheme !== undefined && !SCHEME.test(`${scheme}:`)) return false;
  if (authority !== undefined && !isAuthority(authority)) return false;
  return isUriText(path, /[[\]]/) && isUriText(query, /[[\]]/) && isUriText(fragment, /[#[\]]/);
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf("@");
  if (at !== -1 && !isUriText(authority.slice(0, at), /[[\]@/]/)) return false;
  const [, host, port] = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(authority.slice(at + 1)) ?? [];
  if (host === undefined || (port !== undefined && !/^\d*$/.test(port))) return false;
  if (!host.startsWith("[")) return isUriText(host, /[@/]/);
  const address = host.slice(1, -1);
  return isIpv6(address) || /^v[0-9a-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+$/i.test(address);
}

/** Without control characters, blanks and what RFC 3986 leaves out; `%` only before two hex digits. */
function isUriText(text: string, forbidden: RegExp): boolean {
  return !/[\u0000-\u0020"<>\\^`{|}\u007f-\u009f]|%(?![0-9A-Fa-f]{2})/.test(text) && !forbidden.test(text);
}

function isUriTemplate(text: string): boolean {
  const outside = text.replaceAll(/\{[^{}]*\}/g, "");
  if (/[{}]/.test(outside) || /[\u0000-\u0020"'<>\\^`|\u007f]|%(?![0-9A-Fa-f]{2})/.test(outside)) return false;
  return [...text.matchAll(/\{([^{}]*)\}/g)].every(([, inside = ""]) =>
    inside
      .replace(/^[+#./;?&=,!@|]/, "")
      .split(",")
      .every((variable) =>
        /^(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:[A-Za-z0-9_.]|%[0-9A-Fa-f]{2})*(?::[1-9]\d{0,3}|\*)?$/.test(variable),
      ),
  );
}

function isRegex(text: string): boolean {
  try {
    // Only compiled, never run: compiling takes linear time.
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
