// Asks for one name: of a block, a variable, a file.

export interface Naming {
  title: string;
  text: string;
  label: string;
  value: string;
  confirm: string;
  /** Whether the name can be taken; the dialog stays until it can. */
  run: (name: string) => Promise<boolean>;
}

class Asked {
  current: Naming | null = $state.raw(null);
}

export const naming = new Asked();
