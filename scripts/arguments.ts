import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";

export interface OptionHelp extends ParseArgsOptionDescriptor {
  about: string;
  /** Name of its value in the help. `N`, `S`, `MS` and `SHARE` are numbers. @default VALUE */
  value?: string;
  /** The values there are. */
  oneOf?: readonly string[];
}

type Options = Record<string, OptionHelp>;

/** What a script accepts. */
export interface ScriptHelp<Known extends Options> {
  /** As it is typed, such as `npm run crash`. */
  command: string;
  about: string;
  /** Arguments without dashes, explained by name. Brackets: may be left out. `…`: may be repeated. */
  operands?: Readonly<Record<string, string>>;
  options?: Known;
}

type Arguments<Known extends Options> = ReturnType<
  typeof parseArgs<{ options: Known; allowPositionals: true }>
>;

/** What a script prints, and its exit status, instead of running. */
interface Ending {
  status: 0 | 2;
  text: string;
}

/** The arguments of this script. Ends the process if they ask for help, or cannot be understood. */
export function readArguments<const Known extends Options = Record<never, never>>(
  help: ScriptHelp<Known>,
): Arguments<Known> {
  const read = understand(help, process.argv.slice(2));
  if (!("text" in read)) return read;
  const print = read.status === 0 ? console.log : console.error;
  print(read.text);
  process.exit(read.status);
}

export function understand<const Known extends Options = Record<never, never>>(
  help: ScriptHelp<Known>,
  args: string[],
): Arguments<Known> | Ending {
  if (args.includes("--help") || args.includes("-h")) return { status: 0, text: usageOf(help) };
  const { command, operands = {}, options = {} } = help;
  const wrong = (text: string): Ending => ({
    status: 2,
    text: `${text}. \`${command} -- --help\` explains what there is.`,
  });
  const names = Object.keys(operands);
  try {
    const read = parseArgs({ args, options, allowPositionals: true });
    const required = names.filter((name) => !name.startsWith("["));
    const missing = required[read.positionals.length];
    if (missing !== undefined) return wrong(`${missing} is missing`);
    const surplus = names.some((name) => name.includes("…")) ? undefined : read.positionals[names.length];
    if (surplus !== undefined) return wrong(`Unexpected argument '${surplus}'`);
    for (const [name, value] of Object.entries(read.values)) {
      const refusal = typeof value === "string" ? refusalOf(value, (options as Options)[name]!) : undefined;
      if (refusal) return wrong(`--${name}: ${refusal}`);
    }
    return read as unknown as Arguments<Known>;
  } catch (error) {
    // Node adds advice in further sentences.
    return wrong((error as Error).message.split(/\.\s|\.$|\n/, 1)[0]!);
  }
}

/** Why an option cannot have this value. */
function refusalOf(value: string, { value: kind = "", oneOf }: OptionHelp): string | undefined {
  if (oneOf && !oneOf.includes(value)) return `"${value}" is not one of ${oneOf.join(", ")}`;
  if (kind === "N" && !/^\d+$/.test(value)) return `"${value}" is not a whole number`;
  if (["S", "MS", "SHARE"].includes(kind) && !/^\d+(\.\d+)?$/.test(value))
    return `"${value}" is not a number`;
  return undefined;
}

function usageOf({ command, about, operands = {}, options = {} }: ScriptHelp<Options>): string {
  const optionRows = Object.entries(options).map(([name, option]): [string, string] => {
    const { type, value = "VALUE", about: text, default: otherwise } = option;
    const isShown = otherwise !== undefined && otherwise !== false;
    return [
      type === "string" ? `--${name} ${value}` : `--${name}`,
      isShown ? `${text} (default: ${otherwise})` : text,
    ];
  });
  const rows = [...Object.entries(operands), ...optionRows, ["--help", "prints this"] as const];
  const width = Math.max(...rows.map(([name]) => name.length));
  const words = [...Object.keys(operands), "[OPTIONS]"].join(" ");
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return `Usage: ${command} -- ${words}\n\n${about}\n\n${lines.join("\n")}`;
}
