import { cleanMoves } from "../suite/clean_moves.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(cleanMoves);
