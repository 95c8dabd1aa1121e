import { admission } from "../suite/admission.ts";
import { showInMemory } from "./show_in_memory.ts";

showInMemory(admission);
