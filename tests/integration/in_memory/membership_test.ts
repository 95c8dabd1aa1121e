import { membership } from "../suite/membership.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(membership);
