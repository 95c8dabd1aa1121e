import { stringify } from "yaml";

/** How a command answers: a table for people, a wider one, or data for programs. */
export type OutputFormat = "table" | "wide" | "json" | "yaml";

/** All of them. */
export const outputFormats: readonly OutputFormat[] = ["table", "wide", "json", "yaml"];

/** Is the answer for a program? */
export function isData(format: OutputFormat): format is "json" | "yaml" {
  return format === "json" || format === "yaml";
}

/** A value as a program reads it. */
export function formatData(value: unknown, format: "json" | "yaml"): string {
  return format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value, { lineWidth: 0 });
}

/** Rows under a heading, in columns that are as wide as needed. Numbers stand on the right. */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  indent = "",
): string {
  const cells = rows.map((row) => row.map(String));
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0))
  );
  const isNumeric = heading.map((_, column) => {
    const texts = cells.map((row) => row[column] ?? "").filter((text) => text !== "-");
    return texts.length > 0 && texts.every((text) => /^[\d.]+( %)?$/.test(text));
  });
  const line = (row: readonly string[]): string =>
    `${indent}${
      row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumeric[column] === true ? cell.padStart(width) : cell.padEnd(width);
      }).join("   ")
    }`.trimEnd() + "\n";
  return [heading, ...cells].map(line).join("");
}

/** A number of things: "1 object", "2 objects". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A part of a whole in percent, with one decimal. */
export function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : 100 * part / whole).toFixed(1)} %`;
}
