/** For fish: one line for each word and option, under the condition that the words typed so far lead to its place. */

import { type CompletedOption, type Place, PROGRAMS } from "./outline.ts";

export function fishScript(places: readonly Place[]): string {
  const paths = places.map(({ path }) => path).filter((path) => path.includes(" "));
  const skipped = places.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value.kind !== "none")
      .flatMap(({ names }) => names.map((name) => quote(`${path} ${name}`))),
  );
  const [program, ...others] = PROGRAMS;
  return `# fish completion of ${PROGRAMS.join(" and ")}

function __magicflow_at
    set -l place ${program}
    set -l skips no
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test $skips = yes
            set skips no
            continue
        end
        switch "$place $word"
            case ${paths.map(quote).join(" ")}
                set place "$place $word"
            case ${skipped.join(" ")}
                set skips yes
        end
    end
    test "$place" = "$argv[1]"
end

complete -c ${program} -f
${places.flatMap(linesOf).join("\n")}
${others.map((other) => `complete -c ${other} -w ${program}`).join("\n")}
`;
}

function linesOf({ path, words, options, takesFiles }: Place): readonly string[] {
  const start = `complete -c ${PROGRAMS[0]} -n ${quote(`__magicflow_at '${path}'`)}`;
  return [
    ...words.map(({ name, about }) => `${start} -a ${quote(name)}${describe(about)}`),
    ...options.map((option) => `${start}${flagsOf(option)}${describe(option.about)}`),
    ...(takesFiles ? [`${start} -F`] : []),
  ];
}

function flagsOf({ names, value }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith("--") ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`)).join("");
  switch (value.kind) {
    case "none":
      return flags;
    case "file":
      return `${flags} -r -F`;
    case "choice":
      return `${flags} -x -a ${quote(value.of.join(" "))}`;
    case "text":
      return `${flags} -x`;
  }
}

function describe(about: string): string {
  return about === "" ? "" : ` -d ${quote(about)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
