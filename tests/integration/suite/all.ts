import type { Behaviour } from "../suite.ts";
import { admission } from "./admission.ts";
import { assignment } from "./assignment.ts";
import { brakes } from "./brakes.ts";
import { certificates } from "./certificates.ts";
import { cleanMoves } from "./clean_moves.ts";
import { conditions } from "./conditions.ts";
import { faultTolerance } from "./faults.ts";
import { guarantees } from "./guarantees.ts";
import { leases } from "./leases.ts";
import { leaving } from "./leaving.ts";
import { membership } from "./membership.ts";
import { moves } from "./moves.ts";
import { ringCommand } from "./ring_command.ts";
import { rings } from "./rings.ts";
import { withoutWebhook } from "./without_webhook.ts";

/** The whole suite. */
export const all: readonly Behaviour[] = [
  assignment,
  admission,
  moves,
  cleanMoves,
  withoutWebhook,
  rings,
  leases,
  membership,
  leaving,
  guarantees,
  faultTolerance,
  conditions,
  brakes,
  ringCommand,
  certificates,
].flat();
