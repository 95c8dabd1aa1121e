import { rings } from "../suite/rings.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(rings);
