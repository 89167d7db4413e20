// What the window needs from whatever shows it: the desktop shell or the development bridge.

export interface Host {
  readonly kind: 'desktop' | 'bridge';
  /** Runs a command of the product. Rejects with the wire's error value. */
  call(name: string, request: unknown): Promise<unknown>;
  /** Follows a topic until the returned function is called. `since` is asked again after a reconnection. */
  subscribe(topic: string, since: () => number, onMessage: (message: unknown) => void): () => void;
  /** Says that the first picture stands, so that the window may be shown. */
  painted(): void;
  /** The template the program was started with, if any. */
  startPath(): Promise<string | null>;
  /** Tells of templates that a later start of the program asks to open. */
  onOpen(open: (path: string) => void): void;
  /** Whether the user is asked before the window closes. */
  guard(on: boolean): void;
  /** Tells that the user wants to close a guarded window. Wanting it twice closes it, whatever becomes of the page. */
  onClose(asked: () => void): void;
  /** Closes the window. */
  close(): void;
  /** The window stays, and the next wish to close it is asked about again. */
  stay(): void;
  /** Shows everything larger or smaller; 1 is as designed. */
  zoom(factor: number): void;
  /** Changes the window's title. */
  title(text: string): void;
}
