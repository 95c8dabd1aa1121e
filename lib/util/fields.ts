import { closestName } from "./closest_name.ts";
import { parseDuration } from "./duration.ts";

/**
 * Reads the fields of untrusted data (configuration files, kubeconfigs). Each read checks the type and, when it does
 * not fit, notes a problem with the field's path and goes on with the default, so that all problems are found at once.
 */
export class Fields {
  readonly path: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #problems: string[];
  readonly #read = new Set<string>();
  readonly #nested: Fields[] = [];

  /**
   * @param path of the object itself, "" for the root; field paths are built from it.
   * @param problems collects one line per problem, over all nested objects.
   */
  constructor(value: unknown, path: string, problems: string[]) {
    this.path = path;
    this.#problems = problems;
    const present = value !== undefined && value !== null;
    if (present && (typeof value !== "object" || Array.isArray(value))) this.#note("", value, "an object");
    const isObject = present && typeof value === "object" && !Array.isArray(value);
    this.#values = new Map<string, unknown>(isObject ? Object.entries(value) : []);
  }

  /** Is the field there, and not null? */
  has(name: string): boolean {
    this.#read.add(name);
    const value = this.#values.get(name);
    return value !== undefined && value !== null;
  }

  /** A string, or undefined when the field is absent. */
  string(name: string): string | undefined {
    return this.#optional(name, "a string", (value) => typeof value === "string" ? value : undefined);
  }

  /** A boolean, or undefined when the field is absent. */
  boolean(name: string): boolean | undefined {
    return this.#optional(name, "true or false", (value) => typeof value === "boolean" ? value : undefined);
  }

  /** A number of at least `min`, or undefined when the field is absent. */
  number(name: string, min = -Infinity): number | undefined {
    const wanted = min === -Infinity ? "a number" : `a number of at least ${min}`;
    return this.#optional(name, wanted, (value) => typeof value === "number" && value >= min ? value : undefined);
  }

  /** A whole number of at least `min`, or undefined when the field is absent. */
  integer(name: string, min = -Infinity): number | undefined {
    const wanted = min === -Infinity ? "a whole number" : `a whole number of at least ${min}`;
    return this.#optional(
      name,
      wanted,
      (value) => typeof value === "number" && Number.isInteger(value) && value >= min ? value : undefined,
    );
  }

  /** Milliseconds of a duration such as "15s", or undefined when the field is absent. */
  duration(name: string): number | undefined {
    return this.#optional(name, 'a duration such as "15s" or "1m30s"', (value) => {
      if (typeof value !== "string") return undefined;
      try {
        return parseDuration(value);
      } catch {
        return undefined; // Noted by the caller, with the field's path.
      }
    });
  }

  /** One of some strings, or undefined when the field is absent. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const wanted = `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`;
    return this.#optional(name, wanted, (value) => choices.find((choice) => choice === value));
  }

  /** An object of strings, or undefined when the field is absent. */
  stringMap(name: string): Readonly<Record<string, string>> | undefined {
    return this.#optional(name, "an object of strings", (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
      const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
      return entries.length === Object.keys(value).length ? Object.fromEntries(entries) : undefined;
    });
  }

  /** A nested object; empty when the field is absent. */
  object(name: string): Fields {
    this.#read.add(name);
    return this.#nest(this.#values.get(name), this.#join(name));
  }

  /** The objects of a list; none when the field is absent. */
  objects(name: string): Fields[] {
    const items = this.#optional(name, "a list", (value) => Array.isArray(value) ? value : undefined) ?? [];
    return items.map((item, index) => this.#nest(item, `${this.#join(name)}[${index}]`));
  }

  /** The strings of a list; undefined when the field is absent. */
  strings(name: string): readonly string[] | undefined {
    return this.#optional(name, "a list of strings", (value) => {
      const strings = Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
      return Array.isArray(value) && strings.length === value.length ? strings : undefined;
    });
  }

  /** Notes a problem with one field, for rules beyond its type. */
  problem(name: string, message: string): void {
    this.#problems.push(`${this.#join(name)}: ${message}`);
  }

  /** Names of fields that nobody has asked for so far, nested objects aside. */
  unread(): string[] {
    return [...this.#values.keys()].filter((name) => !this.#read.has(name));
  }

  /**
   * One line for each field that nobody has asked for, also in the nested objects that were read, with the name of the
   * one that it resembles. Call it after everything was read.
   */
  unknown(): string[] {
    const own = this.unread().map((name) => {
      const meant = closestName(name, [...this.#read]);
      return `${this.#join(name)}: unknown field, ignored${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
    });
    return [...own, ...this.#nested.flatMap((fields) => fields.unknown())];
  }

  #nest(value: unknown, path: string): Fields {
    const fields = new Fields(value, path, this.#problems);
    this.#nested.push(fields);
    return fields;
  }

  #optional<T>(name: string, wanted: string, parse: (value: unknown) => T | undefined): T | undefined {
    this.#read.add(name);
    if (!this.has(name)) return undefined;
    const value = this.#values.get(name);
    const parsed = parse(value);
    if (parsed === undefined) this.#note(name, value, wanted);
    return parsed;
  }

  /** The value itself is not printed when it is text: it could be a secret in the wrong place. */
  #note(name: string, value: unknown, wanted: string): void {
    const got = typeof value === "number" || typeof value === "boolean" ? String(value) : describeType(value);
    this.#problems.push(`${this.#join(name)}: must be ${wanted}, but is ${got}`);
  }

  #join(name: string): string {
    if (name === "") return this.path === "" ? "the document" : this.path;
    return this.path === "" ? name : `${this.path}.${name}`;
  }
}

function describeType(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? "other text" : `${value === null ? "null" : `an ${typeof value}`}`;
}
