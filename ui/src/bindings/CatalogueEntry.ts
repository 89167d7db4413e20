// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * One component.
 */
export type CatalogueEntry = { 
/**
 * `source`, `provisioner` or `post-processor`.
 */
kind: string, 
/**
 * Packer's name for it.
 */
name: string, 
/**
 * A human title.
 */
title: string, 
/**
 * What it does.
 */
help: string, 
/**
 * How many options it has.
 */
options: number, 
/**
 * Whether it also takes the options of a communicator.
 */
communicator: boolean, };
