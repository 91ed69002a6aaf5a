/** For zsh: to be evaluated, or to lie in a folder of `fpath` as `_magicflow`. */

import { type CompletedOption, type OptionValue, type Place, PROGRAMS } from "./outline.ts";

export function zshScript(places: readonly Place[]): string {
  const paths = new Set(places.map(({ path }) => path));
  const walk = places.flatMap((place) => [
    ...place.options.filter(({ value }) => value.kind !== "none").map((option) => [patterns(place, option), "((i++))"]),
    ...place.words
      .map(({ name }) => quote(`${place.path} ${name}`))
      .filter((_, i) => paths.has(`${place.path} ${place.words[i]?.name}`))
      .map((path) => [path, `place=${path}`]),
  ]);
  const values = places.flatMap((place) =>
    place.options
      .filter(({ value }) => value.kind !== "none")
      .map((option) => [patterns(place, option), `${offer(option.value)}; return`]),
  );
  const offers = places.map(({ path, words, options, takesFiles }) => [
    quote(path),
    [
      `verbs=(${words.map(({ name, about }) => described(name, about)).join(" ")})`,
      `flags=(${options.flatMap(({ names, about }) => names.map((name) => described(name, about))).join(" ")})`,
      `files=${takesFiles ? 1 : 0}`,
    ].join("; "),
  ]);
  return `#compdef ${PROGRAMS.join(" ")}

_magicflow() {
  local place=${PROGRAMS[0]} files=0 i
  local -a verbs flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$place \${words[i]}" in
${cases(walk)}
    esac
  done
  case "$place \${words[CURRENT - 1]}" in
${cases(values)}
  esac
  case "$place" in
${cases(offers)}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o option flags
  else
    if ((\${#verbs})); then _describe command verbs; fi
    if ((files)); then _files; fi
  fi
}

if [[ "\${funcstack[1]}" == _magicflow ]]; then
  _magicflow "$@"
else
  compdef _magicflow ${PROGRAMS.join(" ")}
fi
`;
}

function offer(value: OptionValue): string {
  if (value.kind === "file") return "_files";
  return value.kind === "choice" ? `compadd -- ${value.of.map(quote).join(" ")}` : ":";
}

function patterns({ path }: Place, { names }: CompletedOption): string {
  return names.map((name) => quote(`${path} ${name}`)).join("|");
}

function cases(rows: readonly (readonly string[])[]): string {
  return rows.map(([pattern, act]) => `      ${pattern}) ${act} ;;`).join("\n");
}

/** `_describe` splits at the first colon that is not escaped. */
function described(name: string, about: string): string {
  const escaped = name.replaceAll(":", "\\:");
  return quote(about === "" ? escaped : `${escaped}:${about}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
