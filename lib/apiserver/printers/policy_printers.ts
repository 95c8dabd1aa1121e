import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { none, numberAt } from "./cells.ts";
import { ageColumn, column, nameColumn, type Printer } from "./column.ts";

function nameOf(object: JSONObject): string {
  return stringAt(objectAt(object, "metadata"), "name");
}

/** PodDisruptionBudgets. */
export const disruptionBudgetPrinter: Printer = {
  columns: [
    nameColumn,
    column("Min Available", "Pods that must stay"),
    column("Max Unavailable", "Pods that may be gone"),
    column("Allowed Disruptions", "Pods that may go now", "integer"),
    ageColumn,
  ],
  cells: (object, now) => {
    const { minAvailable = "N/A", maxUnavailable = "N/A" } = objectAt(object, "spec");
    const allowed = numberAt(objectAt(object, "status"), "disruptionsAllowed");
    return [nameOf(object), String(minAvailable), String(maxUnavailable), allowed, ageOf(object, now)];
  },
};

/** FlowSchemas. */
export const flowSchemaPrinter: Printer = {
  columns: [
    nameColumn,
    column("PriorityLevel", "Priority level of its requests"),
    column("MatchingPrecedence", "Schemas with smaller numbers are asked first", "integer"),
    column("DistinguisherMethod", "What makes requests of one flow"),
    ageColumn,
    column("MissingPL", "Is there no such priority level?"),
  ],
  cells: (object, now) => {
    const spec = objectAt(object, "spec");
    const dangling = objectsAt(objectAt(object, "status"), "conditions").find(({ type }) => type === "Dangling");
    return [
      nameOf(object),
      stringAt(objectAt(spec, "priorityLevelConfiguration"), "name"),
      numberAt(spec, "matchingPrecedence"),
      stringAt(objectAt(spec, "distinguisherMethod"), "type") || none,
      ageOf(object, now),
      dangling === undefined ? "?" : stringAt(dangling, "status"),
    ];
  },
};
