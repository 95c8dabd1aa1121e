import { leases } from "../suite/leases.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(leases);
