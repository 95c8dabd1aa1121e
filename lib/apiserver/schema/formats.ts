/** Formats that are checked; the real server ignores those that it does not know, and so does this one. */
const formats: Readonly<Record<string, RegExp>> = {
  "date-time": /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid4: /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  byte: /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  hostname: /^([a-zA-Z0-9]([-a-zA-Z0-9]{0,62}))(\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,62}))*$/,
  ipv4: /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/,
  email: /^[^@\s]+@[^@\s]+$/,
  duration: /^-?(\d+(\.\d+)?\s?(ns|us|ms|s|m|h|d|w|seconds?|minutes?|hours?|days?|weeks?))+$|^0$/,
  int32: /^/,
  int64: /^/,
};

/** Formats that cannot be checked here. */
export const unsupportedFormats: ReadonlySet<string> = new Set([
  "uri",
  "ipv6",
  "cidr",
  "mac",
  "uuid3",
  "uuid5",
  "bsonobjectid",
  "creditcard",
  "isbn",
  "isbn10",
  "isbn13",
  "ssn",
  "hexcolor",
  "rgbcolor",
  "password",
].filter((format) => format !== "password"));

/** Is the text not what a format says? */
export function formatProblem(value: string, format: string): boolean {
  const pattern = formats[format];
  if (pattern === undefined) return false;
  return !pattern.test(value) || (format === "date-time" && Number.isNaN(Date.parse(value)));
}
