import { guarantees } from "../suite/guarantees.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(guarantees);
