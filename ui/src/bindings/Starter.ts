// Made from the Rust types by `npm run bindings`. Do not edit: change the Rust type.

/**
 * A template to begin with.
 */
export type Starter = { 
/**
 * Names it: its folder.
 */
id: string, 
/**
 * A human title.
 */
title: string, 
/**
 * What it builds, in a sentence.
 */
description: string, 
/**
 * Where it is.
 */
path: string, };
