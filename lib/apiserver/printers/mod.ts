/**
 * Server-side tables: what `kubectl get` shows of each kind.
 *
 * @module
 */
export { answerTables } from "./answer_tables.ts";
export { acceptedTable, parseInclude, tableOf, type TableRequest } from "./table.ts";
export { printerOf } from "./printer_of.ts";
export type { Column, Printer } from "./column.ts";
