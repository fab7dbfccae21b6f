/** A field that failed validation, with its path. */
export interface Issue {
  path: string;
  message: string;
}

/** A validation issue from a schema: zod's, or one of ours with only a path and a message. */
export interface SchemaIssue {
  path: readonly PropertyKey[];
  message: string;
  code?: string | undefined;
}

/** The fields of a zod issue besides its path and code. */
type Details = Record<string, unknown> & { message: string };

/** Most issues reported per request; fixing these reveals the rest. */
export const MOST_ISSUES = 20;
const PATH_CHARACTERS = 200;
const MESSAGE_CHARACTERS = 300;
const MOST_VALUES = 12;

/** The first issues, shortened: paths and messages may contain what a client sent. */
export function firstIssues(issues: readonly SchemaIssue[]): Issue[] {
  return issues.slice(0, MOST_ISSUES).map((issue) => ({
    path: clipped(issue.path.map(String).join("."), PATH_CHARACTERS),
    message: clipped(issueText(issue), MESSAGE_CHARACTERS),
  }));
}

function clipped(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters)}…` : text;
}

/** How zod's default messages begin, as opposed to those of a schema's author. */
const STOCK_MESSAGE = /^(?:Invalid|Too small|Too big|Unrecognized|Missing)\b/;

/** Says in a sentence what a value must be. Keeps a schema's own message. */
function issueText(issue: SchemaIssue): string {
  if (!STOCK_MESSAGE.test(issue.message)) return issue.message;
  return texts[issue.code ?? ""]?.({ ...issue }) ?? issue.message;
}

const texts: Record<string, (details: Details) => string | null> = {
  invalid_type({ expected, message }) {
    const kind = kinds[String(expected)] ?? `of the type ${expected}`;
    return /received undefined$/.test(message) ? `It is missing: it must be ${kind}.` : `It must be ${kind}.`;
  },
  too_small: ({ minimum, inclusive, exact, origin }) => bound(origin, minimum, inclusive, exact, "least"),
  too_big: ({ maximum, inclusive, exact, origin }) => bound(origin, maximum, inclusive, exact, "most"),
  unrecognized_keys({ keys, meant = [] }) {
    const named = (all: unknown) => (all as string[]).slice(0, MOST_VALUES).map((key) => `"${key}"`);
    const text = `There is no field named ${named(keys).join(" or ")} here.`;
    const intended = named(meant).join(" and ");
    return intended === "" ? text : `${text} Did you mean ${intended}?`;
  },
  invalid_value({ values }) {
    const all = values as unknown[];
    const shown = all.slice(0, MOST_VALUES).map((value) => JSON.stringify(value));
    if (all.length === 1) return `It must be ${shown[0]}.`;
    return `It must be one of ${shown.join(", ")}${all.length > MOST_VALUES ? " and others" : ""}.`;
  },
  not_multiple_of: ({ divisor }) => `It must be a multiple of ${divisor}.`,
  invalid_format: ({ format, pattern }) =>
    format === "regex"
      ? `It must match ${pattern}.`
      : `It must be a valid ${formats[String(format)] ?? format}.`,
  invalid_union: () => "It does not match any of the accepted forms.",
};

const kinds: Record<string, string> = {
  ...{ string: "text", number: "a number", int: "a whole number", boolean: "true or false" },
  ...{ array: "a list", object: "an object", record: "an object", null: "null", date: "a date" },
};

const formats: Record<string, string> = {
  ...{ email: "email address", url: "URL", uuid: "UUID", datetime: "time, such as 2030-01-31T12:00:00Z" },
  ...{ date: "date, such as 2030-01-31", ipv4: "IPv4 address", ipv6: "IPv6 address" },
};

/** A length, a count or a number out of range. */
function bound(origin: unknown, limit: unknown, inclusive: unknown, exact: unknown, side: "least" | "most") {
  const unit = { string: "character", array: "entry", set: "entry", file: "byte" }[String(origin)];
  const size = exact ? "exactly" : `at ${side}`;
  if (unit !== undefined) {
    const plural = unit === "entry" ? "entries" : `${unit}s`;
    return `It must have ${size} ${limit} ${Number(limit) === 1 ? unit : plural}.`;
  }
  if (origin !== "number" && origin !== "int" && origin !== "bigint") return null;
  if (inclusive === false) return `It must be ${side === "least" ? "greater" : "less"} than ${limit}.`;
  return `It must be ${size} ${limit}.`;
}
