import { moves } from "../suite/moves.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(moves);
