// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * What a version can be handed over as, beside a plain disk image.
 */
export type Package = "vhd" | "ova" | "vagrant-libvirt" | "vagrant-virtualbox" | "oci";
