import type { JSONObject, JSONValue } from "../../k8s/contract.ts";

/** One column of a table (`TableColumnDefinition` of `meta.k8s.io/v1`). */
export interface Column {
  readonly name: string;
  /** Type of the cells, in the words of OpenAPI; "date" is a time as text. */
  readonly type: string;
  /** "name" marks the column that names the object. */
  readonly format: string;
  readonly description: string;
  /** 0: always shown. Above: only in wide output. */
  readonly priority: number;
}

/** How objects of a kind are shown as rows. */
export interface Printer {
  readonly columns: readonly Column[];
  /** The cells of a row, one for each column. `now` in milliseconds since the epoch. */
  readonly cells: (object: JSONObject, now: number) => readonly JSONValue[];
}

/** A column that is always shown. */
export function column(name: string, description: string, type = "string"): Column {
  return { name, type, format: "", description, priority: 0 };
}

/** A column of wide output. */
export function wideColumn(name: string, description: string): Column {
  return { ...column(name, description), priority: 1 };
}

/** The column with the object's name. */
export const nameColumn: Column = { ...column("Name", "Name of the object, unique among its kind"), format: "name" };

/** The column with the time since the object was created. */
export const ageColumn: Column = column("Age", "Time since the object was created");

/** The column with the time at which the object was created. */
export const createdAtColumn: Column = column("Created At", "Time at which the object was created", "date");
