import { conditions } from "../suite/conditions.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(conditions);
