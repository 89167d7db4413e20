// A terminal: loaded when somebody looks at a serial console or opens a shell, and not before.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type ITerminalOptions } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';

export interface OpenTerminal {
  terminal: Terminal;
  /** Fits the terminal to its place again. */
  fit: () => void;
  end: () => void;
}

/** A terminal in an element, as wide and high as it. */
export function openTerminal(place: HTMLElement, more: ITerminalOptions = {}): OpenTerminal {
  const style = getComputedStyle(place);
  const colour = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  const terminal = new Terminal({
    fontFamily: colour('--mono', 'monospace'),
    fontSize: 13,
    lineHeight: 1.2,
    scrollback: 10_000,
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    screenReaderMode: true,
    theme: { background: '#16140f', foreground: '#e6e2da', cursor: '#e0b34c', cursorAccent: '#16140f', selectionBackground: '#5a4a2680' },
    ...more,
  });
  const fitting = new FitAddon();
  terminal.loadAddon(fitting);
  terminal.open(place);
  const fit = () => {
    if (place.clientWidth > 0 && place.clientHeight > 0) fitting.fit();
  };
  fit();
  const watcher = new ResizeObserver(fit);
  watcher.observe(place);
  return {
    terminal,
    fit,
    end: () => {
      watcher.disconnect();
      terminal.dispose();
    },
  };
}
