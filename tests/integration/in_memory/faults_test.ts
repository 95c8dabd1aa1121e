import { faultTolerance } from "../suite/faults.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(faultTolerance);
