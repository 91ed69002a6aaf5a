import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPattern, parseRegex, type RegexFlavour } from "./regex.ts";

function regex(pattern: string, flavour: RegexFlavour = "search") {
  const parsed = parseRegex(pattern, flavour);
  if (!parsed.ok) assert.fail(parsed.message);
  return parsed.regex;
}

function replaced(text: string, pattern: string, replacement: string): string {
  return regex(pattern).replaceAll(text, replacement, () => {});
}

test("a test finds a match anywhere, a whole match takes all", () => {
  assert.equal(regex("b+").test("abbc"), true);
  assert.equal(regex("b+").matchesWhole("abbc"), false);
  assert.equal(regex("a|ab").matchesWhole("ab"), true);
  assert.equal(regex("^b").test("ab"), false);
  assert.equal(regex("").test(""), true);
});

test("characters beyond U+FFFF are one character", () => {
  assert.equal(regex("^.$").test("😀"), true);
  assert.equal(regex("^[😀-😂]$").test("😁"), true);
  assert.equal(regex("\\p{Lu}").test("ж"), false);
  assert.equal(regex("\\p{Lu}").test("Ж"), true);
  assert.equal(regex("a").test("\ud800"), false);
});

test("the dot leaves out one end of line in RE2 and both in RFC 9485", () => {
  for (const [text, search, iregexp] of [
    ["\n", false, false],
    ["\r", true, false],
    ["\u2028", true, true],
  ] as const) {
    assert.equal(regex(".").matchesWhole(text), search);
    assert.equal(regex(".", "iregexp").matchesWhole(text), iregexp);
  }
  assert.equal(regex("[.]", "iregexp").test("x"), false);
  assert.equal(regex("\\.", "iregexp").test("x"), false);
  assert.equal(regex("\\\\.", "iregexp").matchesWhole("\\x"), true);
  assert.equal(regex("[\\]].", "iregexp").matchesWhole("]x"), true);
  assert.equal(regex("[]].", "iregexp").matchesWhole("]x"), true);
});

test("replacing puts groups, the match and dollars where the replacement says", () => {
  assert.equal(replaced("a-b-c", "-", "+"), "a+b+c");
  assert.equal(
    replaced("Ada Lovelace", "(\\w+) (\\w+)", "$2 $1 $3 $$1 $& $x $"),
    "Lovelace Ada $3 $1 Ada Lovelace $x $",
  );
  assert.equal(replaced("abc", "(b)?(x)?", "<$1$2>"), "<>a<b><>c<>");
  assert.equal(replaced("ab", "(a)(b)", "$10$21"), "a0b1");
  assert.equal(replaced("😀x", "", "-"), "-😀-x-");
});

test("what cannot run in linear time is refused with the reason", () => {
  for (const pattern of ["(?=a)", "(?!a)", "(?<=a)b", "(a)\\1"]) {
    assert.match(checkPattern(pattern, "search") ?? "", /Look-around and back references/);
  }
  for (const pattern of ["(", "[a", "a**", "\\q", "a{2000}", "(?P<n", "*"]) {
    assert.match(checkPattern(pattern, "search") ?? "", /^Expected a .*regular expression/);
  }
});

test("patterns are bounded in length and in what they repeat", () => {
  assert.match(checkPattern("a".repeat(1_001), "search") ?? "", /at most 1000 characters/);
  assert.match(checkPattern("(?:[a-z]{30}x){999}", "search") ?? "", /repeats too much/);
  assert.match(checkPattern("((((a{9}){9}){9}){9}){9}", "search") ?? "", /repeats too much/);
  assert.equal(checkPattern("[a-z]{1,1000}", "search"), null);
  assert.equal(checkPattern("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "search"), null);
  assert.equal(checkPattern("a{b}{", "search"), null);
});

test("the price grows with the text and with the pattern, and is asked before each search", () => {
  assert.ok(regex("a").price(1_000) < regex("a").price(10_000));
  assert.ok(regex("a").price(1_000) < regex("[a-z]{100}").price(1_000));
  let spent = 0;
  assert.throws(() =>
    regex("a*b|a").replaceAll("a".repeat(100_000), "", (operations) => {
      spent += operations;
      if (spent > 1_000_000) throw new Error("too much");
    }),
  );
});
