// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

import type { AttributeValue } from "./AttributeValue";
import type { Destination } from "./Destination";
import type { EditRange } from "./EditRange";
import type { Symbol } from "./Symbol";

/**
 * Something to change. Blocks are named as in [`crate::blocks`], files by [`crate::Document::name`].
 */
export type Edit = { "edit": "set_attribute", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * Its new value.
 */
value: AttributeValue, } | { "edit": "unset_attribute", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, } | { "edit": "rename_attribute", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * Its new name.
 */
to: string, } | { "edit": "disable_attribute", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, } | { "edit": "enable_attribute", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, } | { "edit": "set_element", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * Which element, from 0.
 */
index: number, 
/**
 * Its new value.
 */
value: AttributeValue, } | { "edit": "insert_element", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * Before which element, from 0; the length appends.
 */
index: number, 
/**
 * The element.
 */
value: AttributeValue, } | { "edit": "remove_element", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * Which element, from 0.
 */
index: number, } | { "edit": "move_element", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * Which element, from 0.
 */
index: number, 
/**
 * Where it is then, from 0.
 */
to: number, } | { "edit": "add_block", 
/**
 * The block it goes into; none for the top of a file.
 */
parent: string | null, 
/**
 * `source`, `provisioner` ...
 */
kind: string, 
/**
 * Its labels.
 */
labels: Array<string>, 
/**
 * What it holds at first.
 */
attributes: Array<[string, AttributeValue]>, 
/**
 * After which block; none for the end.
 */
after: string | null, } | { "edit": "remove_block", 
/**
 * Which block.
 */
block: string, } | { "edit": "move_block", 
/**
 * Which block.
 */
block: string, 
/**
 * Where to.
 */
to: Destination, } | { "edit": "disable_block", 
/**
 * Which block.
 */
block: string, } | { "edit": "enable_block", 
/**
 * Which block, as the outline names it: see [`crate::disabled`].
 */
block: string, } | { "edit": "duplicate_block", 
/**
 * Which block.
 */
block: string, } | { "edit": "set_label", 
/**
 * Which block.
 */
block: string, 
/**
 * Which label, from 0.
 */
index: number, 
/**
 * The new label.
 */
label: string, } | { "edit": "rename", 
/**
 * What is renamed.
 */
symbol: Symbol, 
/**
 * The new name; of a source or data source without the type.
 */
to: string, } | { "edit": "extract_variable", 
/**
 * In which block.
 */
block: string, 
/**
 * The argument.
 */
name: string, 
/**
 * Only that element of the list, from 0.
 */
index: number | null, 
/**
 * The name of the new variable.
 */
variable: string, } | { "edit": "move_script_to_file", 
/**
 * Which provisioner or post-processor.
 */
block: string, 
/**
 * The new file, from the template's folder: `scripts/install.sh`.
 */
file: string, } | { "edit": "create_file", 
/**
 * Its path, from the template's folder.
 */
file: string, 
/**
 * What it holds.
 */
text: string, } | { "edit": "replace_text", 
/**
 * In which file.
 */
file: string, 
/**
 * What is replaced.
 */
range: EditRange, 
/**
 * The new text.
 */
text: string, } | { "edit": "several", 
/**
 * The edits.
 */
edits: Array<Edit>, };
