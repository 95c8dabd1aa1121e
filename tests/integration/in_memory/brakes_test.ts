import { brakes } from "../suite/brakes.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(brakes);
