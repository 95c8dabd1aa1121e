import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { objectAt, stringAt } from "../json.ts";
import { ageSince } from "./age.ts";
import { numberAt } from "./cells.ts";
import { column, nameColumn, type Printer, wideColumn } from "./column.ts";

/** Events, in the shapes of both groups. */
export const eventPrinter: Printer = {
  columns: [
    column("Last Seen", "Time since it happened last"),
    column("Type", "Normal or Warning"),
    column("Reason", "Why it was reported, in one word"),
    column("Object", "What it is about"),
    wideColumn("Subobject", "Which part of the object it is about"),
    wideColumn("Source", "Who reported it"),
    column("Message", "What happened"),
    wideColumn("First Seen", "Time since it happened first"),
    wideColumn("Count", "How often it happened"),
    { ...nameColumn, priority: 1 },
  ],
  cells: eventCells,
};

function eventCells(event: JSONObject, now: number): readonly JSONValue[] {
  const field = (core: string, newer: string): string => stringAt(event, core) || stringAt(event, newer);
  const about = { ...objectAt(event, "involvedObject"), ...objectAt(event, "regarding") };
  const eventTime = stringAt(event, "eventTime");
  const first = field("firstTimestamp", "deprecatedFirstTimestamp") || eventTime;
  const series = objectAt(event, "series");
  const last = stringAt(series, "lastObservedTime") || field("lastTimestamp", "deprecatedLastTimestamp") || first;
  const count = numberAt(series, "count") || numberAt(event, "count") || numberAt(event, "deprecatedCount") || 1;
  const kind = stringAt(about, "kind").toLowerCase();
  const name = stringAt(about, "name");
  return [
    ageSince(last, now),
    stringAt(event, "type"),
    stringAt(event, "reason"),
    name === "" ? kind : `${kind}/${name}`,
    stringAt(about, "fieldPath"),
    source(event),
    field("message", "note").trim(),
    ageSince(first, now),
    count,
    stringAt(objectAt(event, "metadata"), "name"),
  ];
}

function source(event: JSONObject): string {
  const given = { ...objectAt(event, "deprecatedSource"), ...objectAt(event, "source") };
  const component = stringAt(given, "component");
  const parts = component === ""
    ? [
      stringAt(event, "reportingController") || stringAt(event, "reportingComponent"),
      stringAt(event, "reportingInstance"),
    ]
    : [component, stringAt(given, "host")];
  return parts.filter((part) => part !== "").join(", ");
}
