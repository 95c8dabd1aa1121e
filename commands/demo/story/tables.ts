import type { JSONObject, RestClient } from "../../../lib/k8s/contract.ts";
import { InvalidObjectError, isJsonObject } from "../../../lib/k8s/errors.ts";

/** A collection to show. */
export interface TableRequest {
  readonly path: string;
  /** In front of each name, as "secret/", where several collections are shown together. */
  readonly prefix?: string;
  readonly labelSelector?: string;
}

const tableType = "application/json;as=Table;v=v1;g=meta.k8s.io";

/**
 * What `kubectl get` would print, for people who have no kubectl: the server makes the table, and this adds the columns
 * of `-L` and lays it out.
 * @throws ApiError, ConnectionError; InvalidObjectError when the answer is no table.
 */
export async function getTables(
  client: RestClient,
  requests: readonly TableRequest[],
  labels: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const texts: string[] = [];
  for (const { path, prefix = "", labelSelector } of requests) {
    const table = await client.performRequest({
      method: "GET",
      path,
      accept: tableType,
      ...(labelSelector === undefined ? {} : { querystring: new URLSearchParams({ labelSelector }) }),
      abortSignal: signal,
      expectJson: true,
    });
    if (!isJsonObject(table) || table["kind"] !== "Table") {
      throw new InvalidObjectError(`GET ${path}: the answer is no table`);
    }
    texts.push(layOut(rowsOf(table, prefix, labels)));
  }
  return texts.join("\n");
}

/** The heading and all rows. */
export function rowsOf(table: JSONObject, prefix: string, labels: readonly string[]): readonly (readonly string[])[] {
  const definitions = objects(table["columnDefinitions"]);
  const shown = definitions.flatMap(({ priority }, index) => priority === undefined || priority === 0 ? [index] : []);
  const nameColumn = definitions.findIndex(({ format }) => format === "name");
  const heading = [
    ...shown.map((index) => String(definitions[index]?.["name"]).toUpperCase()),
    ...labels.map((label) => label.slice(label.lastIndexOf("/") + 1).toUpperCase()),
  ];
  const rows = objects(table["rows"]).map(({ cells, object }) => {
    const texts = (Array.isArray(cells) ? cells : []).map((cell) => cell === null ? "<none>" : String(cell));
    const metadata = isJsonObject(object) && isJsonObject(object["metadata"]) ? object["metadata"] : {};
    const own = isJsonObject(metadata["labels"]) ? metadata["labels"] : {};
    return [
      ...shown.map((index) => `${index === nameColumn ? prefix : ""}${texts[index] ?? ""}`),
      ...labels.map((label) => String(own[label] ?? "")),
    ];
  });
  return [heading, ...rows];
}

/** Columns three blanks apart. */
function layOut(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ").trimEnd());
  return `${lines.join("\n")}\n`;
}

function objects(value: unknown): JSONObject[] {
  return Array.isArray(value) ? value.filter((item) => isJsonObject(item)) : [];
}
