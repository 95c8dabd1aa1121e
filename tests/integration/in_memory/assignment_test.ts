import { assignment } from "../suite/assignment.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(assignment);
