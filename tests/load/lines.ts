import { admissionLine } from "./lines/admission.ts";
import { admissionLeasesLine } from "./lines/admission_leases.ts";
import { coldStartLine } from "./lines/cold_start.ts";
import type { Line } from "./line.ts";
import { membershipLine } from "./lines/membership.ts";

/** All that `deno task load` can measure, in the order in which it does. One file each, in lines/. */
export const lines: readonly Line[] = [coldStartLine, admissionLine, admissionLeasesLine, membershipLine];
