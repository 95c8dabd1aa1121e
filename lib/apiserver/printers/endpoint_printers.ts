import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt, stringsAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { none } from "./cells.ts";
import { ageColumn, column, nameColumn, type Printer } from "./column.ts";

/** How many are shown; more are counted. */
const most = 3;

function few(all: readonly string[], nothing: string): string {
  if (all.length === 0) return nothing;
  const shown = all.slice(0, most).join(",");
  return all.length > most ? `${shown} + ${all.length - most} more...` : shown;
}

function nameOf(object: JSONObject): string {
  return stringAt(objectAt(object, "metadata"), "name");
}

/** Endpoints. */
export const endpointsPrinter: Printer = {
  columns: [nameColumn, column("Endpoints", "Addresses and ports"), ageColumn],
  cells: (
    object,
    now,
  ) => [nameOf(object), few(objectsAt(object, "subsets").flatMap(placesOf), none), ageOf(object, now)],
};

function placesOf(subset: JSONObject): readonly string[] {
  const addresses = objectsAt(subset, "addresses").map((each) => stringAt(each, "ip"));
  const ports = objectsAt(subset, "ports");
  if (ports.length === 0) return addresses;
  return ports.flatMap(({ port }) =>
    addresses.map((address) => `${address.includes(":") ? `[${address}]` : address}:${port}`)
  );
}

/** EndpointSlices. */
export const endpointSlicePrinter: Printer = {
  columns: [
    nameColumn,
    column("AddressType", "Kind of the addresses"),
    column("Ports", "Ports of all endpoints"),
    column("Endpoints", "Addresses"),
    ageColumn,
  ],
  cells: (object, now) => [
    nameOf(object),
    stringAt(object, "addressType"),
    few(objectsAt(object, "ports").map((each) => String(each["port"] ?? (stringAt(each, "name") || "*"))), "<unset>"),
    few(objectsAt(object, "endpoints").flatMap((each) => stringsAt(each, "addresses")), "<unset>"),
    ageOf(object, now),
  ],
};
