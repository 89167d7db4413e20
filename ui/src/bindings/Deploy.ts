// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * Where a version goes.
 */
export type Deploy = "virt-install" | "libvirt-xml" | "terraform-libvirt" | "terraform-aws" | "terraform-azure" | "vagrant" | "virtualbox" | "github-actions" | "gitlab-ci";
