import { OwnReview } from "../../../controllers/permissions/own_review.ts";
import type { ControllerParts } from "./parts.ts";

/** Looks whether the sharder may do what it has to for all rings. */
export function ownReview(parts: ControllerParts): OwnReview {
  const { config, clock, connections: { leader }, rings, reports: { troubles }, certificates } = parts;
  const { namespaces } = config.controller.leases;
  return new OwnReview({
    clock,
    rings,
    client: leader,
    troubles,
    settings: {
      ...(namespaces === undefined ? {} : { leaseNamespaces: namespaces }),
      ...(certificates === undefined ? {} : { certificateNamespace: config.leaderElection.resourceNamespace }),
    },
  });
}
