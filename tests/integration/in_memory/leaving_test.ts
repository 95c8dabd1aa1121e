import { leaving } from "../suite/leaving.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(leaving);
