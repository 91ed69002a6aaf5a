/** UTF-8 and Base64 by hand: core knows the language's own library only, and that has neither. */

export function toUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (const character of text) {
    const met = character.codePointAt(0) as number;
    const code = met >= 0xd800 && met <= 0xdfff ? 0xfffd : met;
    if (code < 0x80) {
      bytes[length++] = code;
    } else if (code < 0x800) {
      bytes[length++] = 0xc0 | (code >> 6);
      bytes[length++] = 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      bytes[length++] = 0xe0 | (code >> 12);
      bytes[length++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[length++] = 0x80 | (code & 0x3f);
    } else {
      bytes[length++] = 0xf0 | (code >> 18);
      bytes[length++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[length++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[length++] = 0x80 | (code & 0x3f);
    }
  }
  return bytes.subarray(0, length);
}

/** Null where the bytes are no UTF-8: overlong forms, surrogates and what lies beyond Unicode included. */
export function fromUtf8(bytes: Uint8Array): string | null {
  const pieces: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] as number;
    const more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf8 ? 3 : -1;
    if (more === -1) return null;
    let code = more === 0 ? first : first & (0x3f >> more);
    for (let i = 1; i <= more; i++) {
      const next = bytes[at + i] ?? 0;
      if ((next & 0xc0) !== 0x80) return null;
      code = (code << 6) | (next & 0x3f);
    }
    const least = [0, 0x80, 0x800, 0x10000][more] as number;
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null;
    pieces.push(String.fromCodePoint(code));
    at += more + 1;
  }
  return pieces.join("");
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [first, second, third] = [bytes[at] as number, bytes[at + 1], bytes[at + 2]];
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    const sign = (shift: number) => ALPHABET[(bits >> shift) & 0x3f] as string;
    pieces.push(sign(18) + sign(12) + (second === undefined ? "=" : sign(6)) + (third === undefined ? "=" : sign(0)));
  }
  return pieces.join("");
}

/** Null where the text is no Base64. */
export function fromBase64(text: string): Uint8Array | null {
  const digits = text
    .replace(/={1,2}$/, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  if (digits.length % 4 === 1 || (text.endsWith("=") && text.length % 4 !== 0)) return null;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let length = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = ALPHABET.indexOf(digits[i] as string);
    if (value === -1) return null;
    bits = ((bits << 6) | value) & 0xffffff;
    if (i % 4 !== 0) bytes[length++] = (bits >> (6 - 2 * (i % 4))) & 0xff;
  }
  return bytes;
}
