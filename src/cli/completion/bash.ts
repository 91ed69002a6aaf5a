/** For bash from 3.2 on: one function that walks the words typed so far and offers what may follow. */

import { type CompletedOption, type Place, PROGRAMS } from "./outline.ts";

export function bashScript(places: readonly Place[]): string {
  const walk = places.flatMap((place) => [
    ...place.options.filter(({ value }) => value.kind !== "none").map((option) => [patterns(place, option), "((i++))"]),
    ...childrenOf(places, place).map((path) => [quote(path), `place=${quote(path)}`]),
  ]);
  const values = places.flatMap((place) =>
    place.options.flatMap((option) => {
      const act = offer(option);
      return act === null ? [] : [[patterns(place, option), `${act}; return`]];
    }),
  );
  const offers = places.map(({ path, words, options, takesFiles }) => [
    quote(path),
    `words=${list(words.map(({ name }) => name))} options=${list(options.flatMap(({ names }) => names))} files=${takesFiles ? 1 : 0}`,
  ]);
  return `# bash completion of ${PROGRAMS.join(" and ")}

_magicflow_files() {
  local name
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$1")
  compopt -o filenames 2>/dev/null
}

_magicflow_words() {
  local word
  for word in $1; do [[ $word == "$2"* ]] && COMPREPLY+=("$word"); done
}

_magicflow() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  local place=${PROGRAMS[0]} words="" options="" files=0 i
  COMPREPLY=()
  if [[ $current == "=" ]]; then current=""
  elif [[ $previous == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place \${COMP_WORDS[i]}" in
${cases(walk)}
    esac
  done
  case "$place $previous" in
${cases(values)}
  esac
  case "$place" in
${cases(offers)}
  esac
  if [[ $current == -* ]]; then _magicflow_words "$options" "$current"
  else
    _magicflow_words "$words" "$current"
    if ((files)); then _magicflow_files "$current"; fi
  fi
  return 0
}

complete -F _magicflow ${PROGRAMS.join(" ")}
`;
}

/** Null: it takes no value. */
function offer({ value }: CompletedOption): string | null {
  switch (value.kind) {
    case "none":
      return null;
    case "file":
      return '_magicflow_files "$current"';
    case "choice":
      return `_magicflow_words ${list(value.of)} "$current"`;
    case "text":
      return ":";
  }
}

function childrenOf(places: readonly Place[], { path, words }: Place): readonly string[] {
  const paths = new Set(places.map((place) => place.path));
  return words.map(({ name }) => `${path} ${name}`).filter((child) => paths.has(child));
}

function patterns({ path }: Place, { names }: CompletedOption): string {
  return names.map((name) => quote(`${path} ${name}`)).join("|");
}

function cases(rows: readonly (readonly string[])[]): string {
  return rows.map(([pattern, act]) => `    ${pattern}) ${act} ;;`).join("\n");
}

function list(words: readonly string[]): string {
  return quote(words.join(" "));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
