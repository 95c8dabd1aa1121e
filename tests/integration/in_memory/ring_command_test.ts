import { ringCommand } from "../suite/ring_command.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(ringCommand);
