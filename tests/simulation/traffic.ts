import type { FaultRule, TestRequest } from "../../testing.ts";
import type { Action, Traffic } from "./steps.ts";

/** Does the request change something? */
export function isWrite({ verb }: Pick<TestRequest, "verb">): boolean {
  switch (verb) {
    case "create":
    case "update":
    case "patch":
    case "delete":
    case "deletecollection":
      return true;
    case "get":
    case "list":
    case "watch":
    case "other":
      return false;
  }
}

/** Which requests a fault of a history befalls. */
export function faultyTraffic({ process, traffic, chance }: Extract<Action, { do: "fault" }>): FaultRule {
  return { process, chance, where: (request) => isOf(request, traffic) };
}

function isOf({ verb, resource }: TestRequest, traffic: Traffic): boolean {
  switch (traffic) {
    case "leases":
      return resource === "leases";
    case "objects":
      return resource === "secrets" || resource === "configmaps";
    case "watches":
      return verb === "watch";
    case "everything":
      return true;
  }
}
