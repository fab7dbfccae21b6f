import type { Command } from "commander";

const SHELLS = ["bash", "zsh"] as const;
type Shell = (typeof SHELLS)[number];

const HELP = `
Examples:
  source <(millrace completion bash)      in ~/.bashrc
  source <(millrace completion zsh)       in ~/.zshrc, after compinit`;

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .argument("<shell>", `one of ${SHELLS.join(", ")}`)
    .description("print a shell script that completes commands and flags")
    .addHelpText("after", HELP)
    .action((shell: string, _, command: Command) => {
      if (!(SHELLS as readonly string[]).includes(shell))
        command.error(`millrace: "${shell}" is not supported. Use bash or zsh.`);
      process.stdout.write(completion(program, shell as Shell));
    });
}

/** A script that completes the words of every command, and files after those. */
export function completion(program: Command, shell: Shell): string {
  const cases = [...commandsOf(program, "millrace")].map(
    ([path, words]) => `    "${path}") words="${words.join(" ")}" ;;`,
  );
  const complete = `_millrace() {
  local cur path words word
  cur="\${COMP_WORDS[COMP_CWORD]}"
  path="millrace"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${[...pathsOf(program)].join(" ")} " in
      *" \${path// //}/\${word} "*) path="\${path} \${word}" ;;
    esac
  done
  case "\${path}" in
${cases.join("\n")}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "\${words}" -- "\${cur}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${cur}"))
}
complete -o filenames -F _millrace millrace
`;
  return shell === "bash" ? complete : `autoload -U +X bashcompinit && bashcompinit\n${complete}`;
}

function* commandsOf(command: Command, path: string): Generator<[path: string, words: string[]]> {
  const flags = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  yield [path, [...command.commands.map((one) => one.name()), ...flags, "--help"]];
  for (const one of command.commands) yield* commandsOf(one, `${path} ${one.name()}`);
}

function* pathsOf(command: Command, above = "millrace"): Generator<string> {
  for (const one of command.commands) {
    const path = `${above}/${one.name()}`;
    yield path;
    yield* pathsOf(one, path);
  }
}
