const shardPrefix = "shard.alpha.sharding.timebertt.dev/";
const drainPrefix = "drain.alpha.sharding.timebertt.dev/";

/** What a table of kubectl says of each object: its labels, as the last column has them. */
export function labelsOf(table: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const [header = "", ...rows] = table.trimEnd().split("\n");
  const column = header.split(/\s+/).indexOf("NAME");
  for (const row of rows) {
    const cells = row.split(/\s+/);
    labels.set(cells[column] ?? "", cells.at(-1) ?? "");
  }
  return labels;
}

/**
 * Has every object its final shard? All ready shards have some, and nothing is on its way from one to another.
 *
 * @param ready the shards at work
 */
export function isSpread(labels: ReadonlyMap<string, string>, ready: ReadonlySet<string>): boolean {
  const used = new Set<string>();
  for (const text of labels.values()) {
    if (text.includes(drainPrefix)) return false;
    const shard = text.split(",").find((label) => label.startsWith(shardPrefix))?.split("=")[1] ?? "";
    if (!ready.has(shard)) return false;
    used.add(shard);
  }
  return used.size === ready.size;
}

/** Has a watch printed the last change of each object that it has mentioned? */
export function hasCaughtUp(watch: string, labels: ReadonlyMap<string, string>): boolean {
  const told = [...labelsOf(watch)];
  return told.length > 0 && told.every(([name, text]) => labels.get(name) === text);
}
